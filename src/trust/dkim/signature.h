// A signature as its field tells it: DKIM-Signature (RFC 6376 §3.5), ARC-Message-Signature and ARC-Seal, which are
// written alike (RFC 8617 §4.1.2, §4.1.3). Reading never fails: what could be read is there, and `fault` says why the
// rest is not, so that a broken signature can still be told by its domain.
//
// A value that owns what it holds; the letter may go. Pure; linear; nothing blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/signature.h"
#include "message/field.h"
#include "trust/dkim/canon.h"
#include "trust/dkim/reason.h"

namespace chappe::trust::dkim {

// What is wrong, and a sentence with the particulars, in English; empty if there are none.
struct Fault {
  Reason reason{};
  std::string detail;
};

enum class Form : std::uint8_t { dkim, arc_message, arc_seal };

inline constexpr std::size_t kMaxSignedFields = 1000;  // names in `h=`
inline constexpr std::uint32_t kMaxInstance = 50;      // RFC 8617 §4.2.1

struct Signature {
  Form form = Form::dkim;
  std::optional<Fault> fault;

  std::string algorithm;  // a= as written, "rsa-sha256"; what follows is of it
  crypto::KeyKind key_kind = crypto::KeyKind::rsa;
  crypto::DigestKind digest_kind = crypto::DigestKind::sha256;
  Canon header_canon = Canon::simple;
  Canon body_canon = Canon::simple;
  std::string domain;                    // d= in A-labels and lower case
  std::string selector;                  // s= alike
  std::string identity_local;            // i= before the "@", decoded; mostly empty
  std::string identity_domain;           // and behind it, as `domain` is; that of d= where i= is missing
  std::vector<std::string> fields;       // h=, as written
  Bytes body_hash;                       // bh=, decoded
  Bytes value;                           // b=, decoded
  std::optional<std::uint64_t> length;   // l=; what has more than 64 bits is the largest number
  std::optional<std::uint64_t> made;     // t=, seconds since 1970
  std::optional<std::uint64_t> expires;  // x= alike
  std::uint32_t instance = 0;            // i= of ARC
  std::string chain;                     // cv= of a seal: "none", "pass" or "fail"
  // Where the value of `b=` stands in the field's value: what is taken out of it for the hash.
  std::size_t b_begin = 0, b_end = 0;

  // "@example.org", "joe@example.org"
  std::string identity() const { return identity_local + '@' + identity_domain; }
};

Signature parse_signature(const message::Field& field, Form form = Form::dkim);

// `i=` of ARC (RFC 8617 §4.2.1): 1 to 50, without signs or blanks. Nothing: it is none.
std::optional<std::uint32_t> parse_instance(ByteView value);

// A domain in the form that is a key, of at least two labels (RFC 6376 §3.5 `d=`). Nothing: it is none.
std::optional<std::string> signing_domain(ByteView value);
// Labels of letters, digits, "-" and, as the world has it, "_", in lower case; U-labels become A-labels (RFC 8616 §5).
std::optional<std::string> selector_name(ByteView value);
// Whether `domain` is `ancestor` or below it; both in the form that is a key.
bool is_under(std::string_view domain, std::string_view ancestor);

}  // namespace chappe::trust::dkim
