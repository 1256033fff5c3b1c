#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>

namespace chappe::crypto {
namespace {

// OpenSSL fails here only without memory or without its default provider: nothing that a caller could do better about.
void must(int ok) {
  if (ok != 1) std::abort();
}

unsigned char* octets(Sum256& sum) { return reinterpret_cast<unsigned char*>(sum.octets.data()); }

// Fetched once for the process: a fetch for each sum would cost more than a short sum does.
const EVP_MD* sha256_md() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  if (!md) std::abort();
  return md;
}

const EVP_MD* sha1_md() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  if (!md) std::abort();
  return md;
}

EVP_MAC* hmac_mac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (!mac) std::abort();
  return mac;
}

}  // namespace

std::string Sum256::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * kSize);
  for (const char c : octets) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

void Sha256::Free::operator()(evp_md_ctx_st* ctx) const { EVP_MD_CTX_free(ctx); }

Sha256::Sha256() : ctx_(EVP_MD_CTX_new()) { must(ctx_ && EVP_DigestInit_ex2(ctx_.get(), sha256_md(), nullptr) == 1); }

void Sha256::update(ByteView bytes) { must(EVP_DigestUpdate(ctx_.get(), bytes.data(), bytes.size())); }

void Sha256::update(const ChunkList& bytes) {
  for (const Chunk& chunk : bytes.chunks()) update(chunk.view());
}

Sum256 Sha256::finish() {
  Sum256 sum;
  must(EVP_DigestFinal_ex(ctx_.get(), octets(sum), nullptr));
  must(EVP_DigestInit_ex2(ctx_.get(), sha256_md(), nullptr));
  return sum;
}

Sum256 sha256(ByteView bytes) {
  Sum256 sum;
  must(EVP_Digest(bytes.data(), bytes.size(), octets(sum), nullptr, sha256_md(), nullptr));
  return sum;
}

std::array<char, 20> sha1(ByteView bytes) {
  std::array<char, 20> sum;
  must(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(sum.data()), nullptr, sha1_md(),
                  nullptr));
  return sum;
}

void Sha1::Free::operator()(evp_md_ctx_st* ctx) const { EVP_MD_CTX_free(ctx); }

Sha1::Sha1() : ctx_(EVP_MD_CTX_new()) { must(ctx_ && EVP_DigestInit_ex2(ctx_.get(), sha1_md(), nullptr) == 1); }

void Sha1::update(ByteView bytes) { must(EVP_DigestUpdate(ctx_.get(), bytes.data(), bytes.size())); }

std::array<char, 20> Sha1::finish() {
  std::array<char, 20> sum;
  must(EVP_DigestFinal_ex(ctx_.get(), reinterpret_cast<unsigned char*>(sum.data()), nullptr));
  must(EVP_DigestInit_ex2(ctx_.get(), sha1_md(), nullptr));
  return sum;
}

Sum256 hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
  struct Free {
    void operator()(EVP_MAC_CTX* ctx) const { EVP_MAC_CTX_free(ctx); }
  };
  const std::unique_ptr<EVP_MAC_CTX, Free> ctx(EVP_MAC_CTX_new(hmac_mac()));
  must(ctx != nullptr);
  char name[] = "SHA2-256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
  // An empty key is a key (RFC 2104 §2 pads it with zeros); a null pointer would mean "the key of before".
  const auto* key_data = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  must(EVP_MAC_init(ctx.get(), key_data, key.size(), params));
  for (const ByteView part : parts)
    must(EVP_MAC_update(ctx.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size()));
  Sum256 sum;
  std::size_t size = 0;
  must(EVP_MAC_final(ctx.get(), octets(sum), &size, Sum256::kSize));
  return sum;
}

Sum256 pbkdf2_sha256(const Secret& password, ByteView salt, std::uint32_t iterations) {
  const ByteView bytes = password.reveal();
  Sum256 sum;
  must(PKCS5_PBKDF2_HMAC(bytes.empty() ? "" : bytes.data(), static_cast<int>(bytes.size()),
                         reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                         static_cast<int>(iterations), sha256_md(), Sum256::kSize, octets(sum)));
  return sum;
}

}  // namespace chappe::crypto
