// What a server stores to check SCRAM-SHA-256 (RFC 5802 §3, RFC 7677), and the arithmetic both sides share. The
// machines themselves are behind trust/sasl.h. Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace chappe::trust {

inline constexpr std::uint32_t kMinScramIterations = 4096;       // RFC 7677 §4
inline constexpr std::uint32_t kMaxScramIterations = 1'000'000;  // about a second; a client follows no server further
inline constexpr std::size_t kScramSaltSize = 16;
inline constexpr std::size_t kMaxScramSalt = 256;

// Knowing it lets one check a client, and play the server, but not log in.
struct ScramVerifier {
  Bytes salt;
  std::uint32_t iterations = 0;
  crypto::Sum256 stored_key;
  crypto::Sum256 server_key;
  bool operator==(const ScramVerifier&) const = default;
};

// `password` is prepared by SASLprep here. Errc::invalid: it cannot be, or iterations or salt are out of the limits
// above. Blocks for 1 µs an iteration: run it in the offload pool.
Result<ScramVerifier> make_scram_verifier(const crypto::Secret& password, Bytes salt, std::uint32_t iterations);

namespace scram {

// Client Key, and what the two sides prove with it, over one AuthMessage.
struct Keys {
  crypto::Sum256 client_key;
  crypto::Sum256 stored_key;
  crypto::Sum256 server_key;
};
// `prepared` has gone through SASLprep. Blocks as make_scram_verifier does.
Keys derive(const crypto::Secret& prepared, ByteView salt, std::uint32_t iterations);
// Each octet of `a` xor that of `b`: a proof from key and signature, and back.
crypto::Sum256 mixed(const crypto::Sum256& a, const crypto::Sum256& b);

// A user name with ',' as =2C and '=' as =3D, and back; Errc::invalid on any other '=' (RFC 5802 §5.1).
std::string escaped(std::string_view name);
Result<std::string> unescaped(std::string_view name);

// Takes the attribute `name=value` off the front of a message, with the comma behind it. Errc::invalid if another (or
// nothing) stands there, or the value is empty.
Result<std::string_view> take(std::string_view& message, char name);
// Whether what is left of a message is optional extensions, attr-val *("," attr-val), or nothing (RFC 5802 §7). A
// mandatory one, `m=`, is not.
bool are_extensions(std::string_view rest);
// Printable ASCII without ',', at least one octet.
bool is_nonce(std::string_view nonce);
// A nonce of `size` such characters; each is worth six and a half bits.
Bytes make_nonce(Random& random, std::size_t size);
inline constexpr std::size_t kClientNonceSize = 20;
inline constexpr std::size_t kServerNonceSize = 30;

}  // namespace scram
}  // namespace chappe::trust
