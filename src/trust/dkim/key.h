// A key record (RFC 6376 §3.6.1, RFC 8463 §4), and whether it fits a signature. Values that own what they hold; pure;
// linear; nothing blocks.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "trust/dkim/signature.h"

namespace chappe::trust::dkim {

inline constexpr std::size_t kMaxKeyRecord = 16 * 1024;  // octets; 8192 bits take 1.5 KB
inline constexpr std::size_t kMaxKeyWords = 50;          // in `h=`, `s=` or `t=`

struct Key {
  std::string type = "rsa";           // k=
  std::vector<std::string> hashes;    // h=; empty: any
  std::vector<std::string> services;  // s=; empty: any
  bool testing = false;               // t=y
  bool strict = false;                // t=s
  std::string notes;                  // n=, decoded, in UTF-8
  Bytes data;                         // p=, decoded; empty: revoked

  bool revoked() const { return data.empty(); }
};

// Faults: Reason::key_malformed.
std::expected<Key, Fault> parse_key(ByteView record);

// Whether such a signature may be verified by this key, without computing anything (RFC 6376 §6.1.2): nothing, or why
// not.
std::optional<Fault> unfit(const Key& key, const Signature& signature);

// Errors: those of crypto::PublicKey; Errc::unsupported: a type of key that is not known.
Result<crypto::PublicKey> public_key(const Key& key);

// What to publish for a key: "v=DKIM1; k=ed25519; p=…" (RFC 6376 §3.6.1). Without octets it is one that was revoked.
std::string key_record(crypto::KeyKind kind, ByteView public_octets, bool testing = false);
std::string key_record(const crypto::PrivateKey& key, bool testing = false);

}  // namespace chappe::trust::dkim
