// The question for signatures, which a part of the site without keys puts to the mda
// (docs/decisions/0010-split-sites.md, 0014-judgement.md), and its answer. It is a letter by LMTP to an address that no
// letter of the world can have, from MAIL FROM:<> with AUTH= (RFC 4954 §5) naming who hands the letter in, or AUTH=<>
// for a notification of ours:
//
//   Body: <the hash of its body, in base64>
//   Header: <its header, in base64, folded>
//
// and the reply 250 has the DKIM-Signature fields in base64 behind its first line. Base64, because what is signed must
// not be mended on its way. Pure functions, linear.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::agents {

// RFC 6761 §6.4: .invalid is nobody's.
inline constexpr std::string_view kSignAddress = "signatures@chappe.invalid";

struct SignQuestion {
  // Of a larger header, no question can be made.
  static constexpr std::size_t kMaxHeader = 512 * 1024;

  Bytes header;
  Bytes body_hash;

  // With the empty line behind it.
  Bytes written() const;
  // Errc::invalid: it is none. Errc::too_large.
  static Result<SignQuestion> read(ByteView letter);
};

// The words of a reply.
std::string written_signatures(ByteView fields);
// Errc::invalid: they are none.
Result<Bytes> read_signatures(std::string_view words);

}  // namespace chappe::agents
