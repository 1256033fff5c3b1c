#include "crypto/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>
#include <vector>

namespace chappe::crypto {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* p) const {
    free(p);
  }
};
using Ctx = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

// OpenSSL keeps what went wrong in a queue of the thread; nobody else must find it there.
struct ClearErrors {
  ~ClearErrors() { ERR_clear_error(); }
};

const unsigned char* octets(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

const EVP_MD* md_of(DigestKind kind) {
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  if (sha1 == nullptr || sha256 == nullptr) std::abort();
  return kind == DigestKind::sha1 ? sha1 : sha256;
}

// DER as far as it is needed to find two integers (X.690 §8.1): definite lengths, in their shortest form.
class Der {
 public:
  explicit Der(ByteView bytes) : rest_(bytes) {}
  bool done() const { return rest_.empty(); }
  // The content of the next element, which must have this tag; nothing if it does not.
  std::optional<ByteView> take(unsigned char tag) {
    if (rest_.size() < 2 || static_cast<unsigned char>(rest_[0]) != tag) return std::nullopt;
    std::size_t size = static_cast<unsigned char>(rest_[1]);
    std::size_t head = 2;
    if (size >= 0x80) {
      const std::size_t count = size & 0x7f;
      if (count == 0 || count > 3 || rest_.size() < 2 + count) return std::nullopt;
      size = 0;
      for (std::size_t i = 0; i < count; ++i) size = size << 8 | static_cast<unsigned char>(rest_[2 + i]);
      if (size < 0x80 || (count > 1 && size >> (8 * (count - 1)) == 0)) return std::nullopt;
      head += count;
    }
    if (rest_.size() - head < size) return std::nullopt;
    const ByteView content = rest_.substr(head, size);
    rest_.remove_prefix(head + size);
    return content;
  }
  // A positive INTEGER without its sign octet.
  std::optional<ByteView> positive() {
    auto content = take(0x02);
    if (!content || content->empty() || static_cast<unsigned char>(content->front()) >= 0x80) return std::nullopt;
    while (content->starts_with('\0')) content->remove_prefix(1);
    if (content->empty()) return std::nullopt;
    return content;
  }

 private:
  ByteView rest_;
};

std::size_t bits_of(ByteView number) {
  return (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(static_cast<unsigned char>(number[0])));
}
bool is_odd(ByteView number) { return (static_cast<unsigned char>(number.back()) & 1) != 0; }

struct RsaNumbers {
  ByteView modulus, exponent;
};

// RFC 8017 A.1.1; `content` is inside the SEQUENCE.
std::optional<RsaNumbers> rsa_numbers(ByteView content) {
  Der in(content);
  const auto modulus = in.positive();
  if (!modulus) return std::nullopt;
  const auto exponent = in.positive();
  if (!exponent || !in.done()) return std::nullopt;
  return RsaNumbers{*modulus, *exponent};
}

std::optional<RsaNumbers> rsa_numbers_of(ByteView der) {
  Der in(der);
  const auto outer = in.take(0x30);
  if (!outer || !in.done()) return std::nullopt;
  if (const auto bare = rsa_numbers(*outer)) return bare;
  Der info(*outer);
  const auto algorithm = info.take(0x30);
  if (!algorithm) return std::nullopt;
  // rsaEncryption, 1.2.840.113549.1.1.1 (RFC 8017 A.1)
  Der inside(*algorithm);
  if (inside.take(0x06) != ByteView("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")) return std::nullopt;
  const auto key = info.take(0x03);
  // No unused bits in the last octet.
  if (!key || !key->starts_with('\0') || !info.done()) return std::nullopt;
  Der bits(key->substr(1));
  const auto sequence = bits.take(0x30);
  if (!sequence || !bits.done()) return std::nullopt;
  return rsa_numbers(*sequence);
}

EVP_PKEY* rsa_key(const RsaNumbers& numbers) {
  const Number n(BN_bin2bn(octets(numbers.modulus), static_cast<int>(numbers.modulus.size()), nullptr));
  const Number e(BN_bin2bn(octets(numbers.exponent), static_cast<int>(numbers.exponent.size()), nullptr));
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!n || !e || !build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  const Params params(OSSL_PARAM_BLD_to_param(build.get()));
  const Ctx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return key;
}

// Ready to verify many signatures by an RSA key; null: OpenSSL does not want it.
Ctx verifying(EVP_PKEY* key, DigestKind digest_kind) {
  Ctx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const bool ready = ctx && EVP_PKEY_verify_init(ctx.get()) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_signature_md(ctx.get(), md_of(digest_kind)) == 1;
  return ready ? std::move(ctx) : Ctx();
}

// The RSA keys that this thread read last. One key signs many letters, and making one of its octets, with what OpenSSL
// computes when it is used first, costs as much as verifying does; making ready to verify, a quarter of that. It shows
// in nothing but the time.
class KnownKeys {
 public:
  const PublicKey* find(ByteView der) const {
    const auto found = std::ranges::find(keys_, der, &Known::der);
    return found == keys_.end() ? nullptr : &found->key;
  }
  // In place of the oldest.
  void keep(ByteView der, const PublicKey& key, EVP_PKEY* inner) {
    Known known{Bytes(der), key, inner, {}};
    if (keys_.size() < kMost) {
      keys_.push_back(std::move(known));
      return;
    }
    keys_[next_] = std::move(known);
    next_ = (next_ + 1) % kMost;
  }
  // For SHA-256. Null: it is not among them, or cannot verify.
  EVP_PKEY_CTX* ready(const EVP_PKEY* inner) {
    const auto found = std::ranges::find(keys_, inner, &Known::inner);
    if (found == keys_.end()) return nullptr;
    if (!found->ready) found->ready = verifying(found->inner, DigestKind::sha256);
    return found->ready.get();
  }

 private:
  static constexpr std::size_t kMost = 64;
  struct Known {
    Bytes der;
    PublicKey key;
    EVP_PKEY* inner;  // which `key` keeps
    Ctx ready;
  };
  std::vector<Known> keys_;
  std::size_t next_ = 0;
};

KnownKeys& known_keys() {
  thread_local KnownKeys keys;
  return keys;
}

int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

Result<PublicKey> PublicKey::from_rsa(ByteView der) {
  if (const PublicKey* known = known_keys().find(der)) return *known;
  const ClearErrors clear;
  const auto numbers = rsa_numbers_of(der);
  if (!numbers) return fail(Errc::invalid, "no RSA public key in DER");
  const std::size_t bits = bits_of(numbers->modulus);
  if (bits > kMaxRsaBits)
    return fail(Errc::too_large, "an RSA key of {} bits; at most {} are taken", bits, kMaxRsaBits);
  const std::size_t exponent_bits = bits_of(numbers->exponent);
  if (exponent_bits > kMaxRsaExponentBits)
    return fail(Errc::too_large, "an RSA exponent of {} bits; at most {} are taken", exponent_bits,
                kMaxRsaExponentBits);
  // RFC 8017 §3.1: the modulus is a product of odd primes, the exponent odd and at least 3.
  if (!is_odd(numbers->modulus) || !is_odd(numbers->exponent) || exponent_bits < 2 || bits <= exponent_bits)
    return fail(Errc::invalid, "the numbers of the RSA key are none of an RSA key");
  auto key = own(rsa_key(*numbers));
  if (!key) return fail(Errc::invalid, "not taken as an RSA key");
  EVP_PKEY* const inner = key.get();
  const PublicKey out(std::move(key), KeyKind::rsa, bits);
  known_keys().keep(der, out, inner);
  return out;
}

Result<PublicKey> PublicKey::from_ed25519(ByteView raw) {
  const ClearErrors clear;
  if (raw.size() != kEd25519Octets)
    return fail(Errc::invalid, "an Ed25519 key has {} octets, not {}", kEd25519Octets, raw.size());
  auto key = own(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(raw), raw.size()));
  if (!key) return fail(Errc::invalid, "not taken as an Ed25519 key");
  return PublicKey(std::move(key), KeyKind::ed25519, kEd25519Octets * 8);
}

bool PublicKey::verify(DigestKind digest_kind, ByteView digest, ByteView signature) const {
  const ClearErrors clear;
  if (digest.size() != (digest_kind == DigestKind::sha1 ? 20u : 32u)) return false;
  if (kind_ == KeyKind::ed25519) {
    const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> ctx(EVP_MD_CTX_new());
    return ctx && EVP_DigestVerifyInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1 &&
           EVP_DigestVerify(ctx.get(), octets(signature), signature.size(), octets(digest), digest.size()) == 1;
  }
  EVP_PKEY_CTX* ctx = digest_kind == DigestKind::sha256 ? known_keys().ready(key_.get()) : nullptr;
  Ctx fresh;
  if (ctx == nullptr) ctx = (fresh = verifying(key_.get(), digest_kind)).get();
  return ctx != nullptr &&
         EVP_PKEY_verify(ctx, octets(signature), signature.size(), octets(digest), digest.size()) == 1;
}

Result<PrivateKey> PrivateKey::of(evp_pkey_st* raw, std::size_t most_bits) {
  auto key = own(raw);
  if (!key) return fail(Errc::invalid, "no private key");
  const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key.get()));
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) return PrivateKey(std::move(key), KeyKind::ed25519, kEd25519Octets * 8);
  if (EVP_PKEY_is_a(key.get(), "RSA") != 1) return fail(Errc::unsupported, "neither an RSA nor an Ed25519 key");
  if (bits > most_bits) return fail(Errc::too_large, "an RSA key of {} bits; at most {} are taken", bits, most_bits);
  return PrivateKey(std::move(key), KeyKind::rsa, bits);
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem, std::size_t most_bits) {
  const ClearErrors clear;
  if (pem.size() > kMaxPem)
    return fail(Errc::too_large, "a key file of {} octets; at most {} are read", pem.size(), kMaxPem);
  const Bio bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.size())));
  if (!bio) return fail(Errc::invalid, "no private key in PEM");
  EVP_PKEY* key = PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, no_passphrase, nullptr, nullptr, nullptr);
  if (key == nullptr) return fail(Errc::invalid, "no private key in PEM, or an encrypted one");
  return of(key, most_bits);
}

Result<PrivateKey> PrivateKey::from_der(const Secret& der, std::size_t most_bits) {
  const ClearErrors clear;
  if (der.size() > kMaxPem)
    return fail(Errc::too_large, "a key of {} octets; at most {} are read", der.size(), kMaxPem);
  const unsigned char* at = octets(der.reveal());
  EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) return fail(Errc::invalid, "no private key in DER, or an encrypted one");
  if (at != octets(der.reveal()) + der.size()) {
    EVP_PKEY_free(key);
    return fail(Errc::invalid, "something follows the private key in DER");
  }
  return of(key, most_bits);
}

Result<PrivateKey> PrivateKey::from_ed25519_seed(const Secret& seed) {
  const ClearErrors clear;
  if (seed.size() != kEd25519Octets)
    return fail(Errc::invalid, "an Ed25519 seed has {} octets, not {}", kEd25519Octets, seed.size());
  return of(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, octets(seed.reveal()), seed.size()));
}

Result<PrivateKey> PrivateKey::generate_rsa(std::size_t bits) {
  const ClearErrors clear;
  if (bits < 1024 || bits > kMaxRsaBits) return fail(Errc::invalid, "no RSA key is made with {} bits", bits);
  return of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

Result<PrivateKey> PrivateKey::generate_ed25519() {
  const ClearErrors clear;
  return of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

Secret PrivateKey::pem() const {
  const ClearErrors clear;
  const Bio bio(BIO_new(BIO_s_secmem()));
  char* data = nullptr;
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    std::abort();  // only without memory
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret(ByteView(data, static_cast<std::size_t>(size)));
}

Bytes PrivateKey::public_octets() const {
  const ClearErrors clear;
  if (kind_ == KeyKind::ed25519) {
    Bytes out(kEd25519Octets, '\0');
    std::size_t size = out.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size) != 1) std::abort();
    return out;
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) std::abort();
  Bytes out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Result<PublicKey> PrivateKey::public_key() const {
  return kind_ == KeyKind::ed25519 ? PublicKey::from_ed25519(public_octets()) : PublicKey::from_rsa(public_octets());
}

Result<Bytes> PrivateKey::sign(ByteView digest) const {
  const ClearErrors clear;
  if (digest.size() != 32) return fail(Errc::bug, "a SHA-256 digest has 32 octets, not {}", digest.size());
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = out.size();
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  bool made = false;
  if (kind_ == KeyKind::ed25519) {
    const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> ctx(EVP_MD_CTX_new());
    made = ctx && EVP_DigestSignInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1 &&
           EVP_DigestSign(ctx.get(), to, &size, octets(digest), digest.size()) == 1;
  } else {
    const Ctx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    made = ctx && EVP_PKEY_sign_init(ctx.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(ctx.get(), md_of(DigestKind::sha256)) == 1 &&
           EVP_PKEY_sign(ctx.get(), to, &size, octets(digest), digest.size()) == 1;
  }
  if (!made) return fail(Errc::bug, "the key does not sign");
  out.resize(size);
  return out;
}

}  // namespace chappe::crypto
