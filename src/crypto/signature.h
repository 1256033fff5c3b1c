// Signatures over a digest: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) with SHA-256, or SHA-1 to tell what an old signature
// says, and Ed25519 (RFC 8032 §5.1), whose message is here the digest itself, as RFC 8463 §3 has it. By OpenSSL.
//
// Keys are immutable and may be used by several threads at once. On a shard, on one core of 2020: verifying takes 25 µs
// for RSA-2048 (16 times that for 8192 bits, the most that is taken) and 0.12 ms for Ed25519; signing 0.9 ms for
// RSA-2048 and 50 µs for Ed25519; reading a public key 10 µs, or nothing if the thread has read it lately. Parsing a
// PEM and generate_rsa() (up to a second) are not for a shard. Errors: Errc::invalid (no such key), Errc::too_large,
// Errc::unsupported (a key of another kind).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace chappe::crypto {

enum class KeyKind : std::uint8_t { rsa, ed25519 };
// What a digest was made by. Ed25519 signs one of any kind.
enum class DigestKind : std::uint8_t { sha1, sha256 };

inline constexpr std::size_t kMaxRsaBits = 8192;        // a larger key is refused before anything is computed with it
inline constexpr std::size_t kMaxRsaExponentBits = 32;  // the exponent is what verifying costs
inline constexpr std::size_t kMaxPem = 32 * 1024;
inline constexpr std::size_t kEd25519Octets = 32;  // of a public key (RFC 8032 §5.1.5)

class PublicKey {
 public:
  // A SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 8017 A.1) or a bare RSAPublicKey (RFC 8017 A.1.1), in DER.
  static Result<PublicKey> from_rsa(ByteView der);
  static Result<PublicKey> from_ed25519(ByteView octets);

  KeyKind kind() const { return kind_; }
  // Of the modulus; 256 for Ed25519.
  std::size_t bits() const { return bits_; }
  // `digest` must have the size of its kind: 20 or 32 octets. False for anything that is not the signature.
  bool verify(DigestKind digest_kind, ByteView digest, ByteView signature) const;

 private:
  PublicKey(std::shared_ptr<evp_pkey_st> key, KeyKind kind, std::size_t bits)
      : key_(std::move(key)), kind_(kind), bits_(bits) {}

  std::shared_ptr<evp_pkey_st> key_;
  KeyKind kind_;
  std::size_t bits_;
};

class PrivateKey {
 public:
  // PKCS#1 or PKCS#8, not encrypted (RFC 7468, RFC 8017 A.1.2, RFC 5958). An RSA key of over `most_bits`:
  // Errc::too_large, with what was asked for.
  static Result<PrivateKey> from_pem(const Secret& pem, std::size_t most_bits = kMaxRsaBits);
  // The same in DER: what the base64 of a PEM stands for.
  static Result<PrivateKey> from_der(const Secret& der, std::size_t most_bits = kMaxRsaBits);
  // 32 octets (RFC 8032 §5.1.5).
  static Result<PrivateKey> from_ed25519_seed(const Secret& seed);
  // Takes up to a second.
  static Result<PrivateKey> generate_rsa(std::size_t bits = 2048);
  static Result<PrivateKey> generate_ed25519();

  KeyKind kind() const { return kind_; }
  std::size_t bits() const { return bits_; }
  // PKCS#8.
  Secret pem() const;
  // The public part as a DKIM key record has it in `p=`, before base64: a SubjectPublicKeyInfo, or 32 octets (RFC 6376
  // §3.6.1, RFC 8463 §4.2).
  Bytes public_octets() const;
  Result<PublicKey> public_key() const;
  // Over the 32 octets of a SHA-256 digest.
  Result<Bytes> sign(ByteView digest) const;

 private:
  static Result<PrivateKey> of(evp_pkey_st* key, std::size_t most_bits = kMaxRsaBits);
  PrivateKey(std::shared_ptr<evp_pkey_st> key, KeyKind kind, std::size_t bits)
      : key_(std::move(key)), kind_(kind), bits_(bits) {}

  std::shared_ptr<evp_pkey_st> key_;
  KeyKind kind_;
  std::size_t bits_;
};

}  // namespace chappe::crypto
