// SHA-256, HMAC-SHA-256 and PBKDF2 over it, and SHA-1 (FIPS 180-4, RFC 2104, RFC 8018 §5.2), by OpenSSL.
//
// A Sha256 belongs to one owner; the functions may be called from any thread. Sums may be made on a shard (16 KiB: 90
// µs without the processor's SHA instructions). pbkdf2_sha256 may not: 1 µs an iteration, so 4096 block for 4 ms; run
// it in the offload pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "crypto/secret.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace chappe::crypto {

// The 32 octets of a SHA-256 sum or of an HMAC. Comparing by == is for public values; for secret ones use
// equal_constant_time(a.view(), b).
struct Sum256 {
  static constexpr std::size_t kSize = 32;
  std::array<char, kSize> octets{};

  ByteView view() const { return {octets.data(), octets.size()}; }
  // 64 lower-case hexadecimal digits.
  std::string hex() const;
  auto operator<=>(const Sum256&) const = default;
};

// A sum over bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void update(ByteView bytes);
  void update(const ChunkList& bytes);
  // The sum of all that was fed; the object then begins a new sum.
  Sum256 finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* ctx) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> ctx_;
};

Sum256 sha256(ByteView bytes);

// The 20 octets of a SHA-1 sum, for formats that are bound to it (NSEC3: RFC 5155 §5). It protects nothing.
std::array<char, 20> sha1(ByteView bytes);

// The same over bytes that come in pieces.
class Sha1 {
 public:
  Sha1();
  void update(ByteView bytes);
  // The sum of all that was fed; the object then begins a new sum.
  std::array<char, 20> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* ctx) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> ctx_;
};

// The HMAC of the parts one after another, as if they were one string: the caller frames what must not run together.
Sum256 hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);
inline Sum256 hmac_sha256(ByteView key, ByteView message) { return hmac_sha256(key, {message}); }

// One block of PBKDF2-HMAC-SHA-256 (which is Hi() of RFC 5802 §2.2). `iterations` >= 1. Blocks: see above.
Sum256 pbkdf2_sha256(const Secret& password, ByteView salt, std::uint32_t iterations);

}  // namespace chappe::crypto
