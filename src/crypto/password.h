// Password hashes: argon2id (RFC 9106) in the PHC string form `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
//
// Pure functions, safe from any thread. Both hash_password and verify_password block for about 50 ms and use
// `memory_kib` of memory while they do: run them in the offload pool, within the budget for password hashing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace chappe::crypto {

// What one hash costs. The defaults are the smallest that OWASP's password storage guide advises.
struct Argon2Params {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
  auto operator<=>(const Argon2Params&) const = default;
};

// A stored hash may have been imported; one that asked for more than this would be a way to stop the server.
inline constexpr Argon2Params kMaxArgon2 = {.memory_kib = 256 * 1024, .passes = 16, .lanes = 4};
inline constexpr std::size_t kMaxPasswordHash = 256;  // octets of a PHC string
inline constexpr std::size_t kMaxPassword = 1024;     // octets of a password

// `params` as a stored hash names them. Errc::invalid: not a well-formed argon2id v=19 string; Errc::too_large: over
// kMaxArgon2 or kMaxPasswordHash. Cheap.
Result<Argon2Params> password_hash_params(std::string_view phc);

// A new PHC string with 16 octets of salt from `random` and 32 of hash. Errc::too_large: password over kMaxPassword or
// params over kMaxArgon2; Errc::invalid: params that argon2 does not know. Blocks.
Result<std::string> hash_password(const Secret& password, const Argon2Params& params, Random& random);

// Whether `password` is the one that was hashed. Errors as password_hash_params, Errc::busy without memory. Blocks.
Result<bool> verify_password(const Secret& password, std::string_view phc);

}  // namespace chappe::crypto
