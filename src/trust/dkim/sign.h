// Signs letters (RFC 6376 §5, RFC 8301, RFC 8463): the header is chosen and made canonical once, however many keys sign
// it, and the body has been hashed already, by a BodyHashes that was fed while the letter came or here for a letter in
// memory. What comes out are whole DKIM-Signature fields, to be put above the header.
//
// Never `l=`, never SHA-1. What leaves the wire must be what was signed: a letter with bare CR or LF, or with lines
// that will be cut on the way, is signed as it stands, and `unfit` says so; mending it first is the caller's. Pure; a
// signature costs 0.9 ms of RSA-2048 and 50 µs of Ed25519, so on a shard sign one letter at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "message/letter.h"
#include "trust/dkim/body_hash.h"
#include "trust/dkim/canon.h"
#include "trust/dkim/header_fields.h"

namespace chappe::trust::dkim {

// A name in `h=`: each field of that name that is there, and `more` times beyond, so that a field added later breaks
// the signature (RFC 6376 §8.15).
struct SignedName {
  std::string name;
  std::size_t more = 1;
};
// From, To, Cc, Subject, Date, Reply-To, Message-ID, In-Reply-To, References, MIME-Version and Content-*: what is
// shown, what is answered, and what the body is read by (RFC 6376 §5.4.1). Not what others add on the way: Sender,
// List-*, Received.
std::span<const SignedName> standard_names();

struct SigningKey {
  std::shared_ptr<const crypto::PrivateKey> key;
  std::string domain;         // d=
  std::string selector;       // s=
  std::string identity = {};  // i=, "joe@sub.example.org" or "@sub.example.org"; empty: left out
};

struct SignOptions {
  Canon header_canon = Canon::relaxed;
  Canon body_canon = Canon::relaxed;
  std::vector<SignedName> names{standard_names().begin(), standard_names().end()};
  bool timestamp = true;                  // t=
  std::optional<Duration> lifetime = {};  // x=, from now
  BodyHashKind body_kind() const { return {body_canon, crypto::DigestKind::sha256, {}}; }
};

// What a key signs as, in the forms in which it is written. Errc::invalid: a domain or selector that may not be, or a
// key shorter than RFC 8301 §3.2 allows.
struct SignerNames {
  std::string domain, selector;
  std::string_view algorithm;
};
Result<SignerNames> signer_names(const SigningKey& key);

// What t= and x= say (RFC 6376 §3.5). Errc::invalid: it is before 1970, for which they have no sign.
Result<std::string> timestamp(Time time);

// The names of `h=`: those of the fields that are there, and those that are to stay away. Errc::invalid: no From (RFC
// 6376 §5.4); Errc::too_large: more than kMaxSignedFields.
Result<std::vector<std::string>> signed_names(const HeaderFields& header, std::span<const SignedName> names);

// One field for each key, in their order. `bodies` is finished, and has options.body_kind(). Errc::invalid: as above, a
// domain, selector or identity that may not be, a key shorter than RFC 8301 §3.2 allows, or no such body hash.
Result<std::vector<std::string>> sign(std::span<const message::Field> header, const BodyHashes& bodies,
                                      std::span<const SigningKey> keys, Time now, const SignOptions& options = {});

// The same for a body whose hash is known, of options.body_kind().
Result<std::vector<std::string>> sign(std::span<const message::Field> header, ByteView body_hash,
                                      std::span<const SigningKey> keys, Time now, const SignOptions& options = {});

// What must not be on the wire (RFC 5321 §2.3.8, §4.5.3.1.6), and would be changed behind the signature's back.
struct Unfit {
  static constexpr std::size_t kMaxLine = 998;  // octets without CRLF
  bool bare_cr = false;
  bool bare_lf = false;
  std::size_t longest_line = 0;
  bool any() const { return bare_cr || bare_lf || longest_line > kMaxLine; }
};
Unfit unfit_for_wire(ByteView letter);

struct Signed {
  std::vector<std::string> fields;
  Unfit unfit;
};
// A letter in memory, not an outline.
Result<Signed> sign(const message::Letter& letter, std::span<const SigningKey> keys, Time now,
                    const SignOptions& options = {});

}  // namespace chappe::trust::dkim
