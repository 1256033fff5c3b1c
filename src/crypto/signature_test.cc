#include "crypto/signature.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <thread>
#include <vector>

#include "crypto/digest.h"

namespace chappe::crypto {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

Bytes der(char tag, const Bytes& content) {
  Bytes out(1, tag);
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else if (content.size() < 0x100) {
    out += '\x81';
    out += static_cast<char>(content.size());
  } else {
    out += '\x82';
    out += static_cast<char>(content.size() >> 8);
    out += static_cast<char>(content.size() & 0xff);
  }
  return out + content;
}
Bytes number(const Bytes& octets) { return der('\x02', octets); }
Bytes rsa_key(const Bytes& modulus, const Bytes& exponent) { return der('\x30', number(modulus) + number(exponent)); }
const Bytes kF4("\x01\x00\x01", 3);

// One for all tests: making it takes a while.
const PrivateKey& rsa() {
  static const PrivateKey key = PrivateKey::generate_rsa(2048).value();
  return key;
}

TEST(Signature, RsaSaysYesToItsOwnSignatureOnly) {
  const Sum256 sum = sha256("letter");
  const Bytes signature = rsa().sign(sum.view()).value();
  const PublicKey key = rsa().public_key().value();
  EXPECT_EQ(key.kind(), KeyKind::rsa);
  EXPECT_EQ(key.bits(), 2048u);
  EXPECT_EQ(signature.size(), 256u);
  EXPECT_TRUE(key.verify(DigestKind::sha256, sum.view(), signature));
  EXPECT_FALSE(key.verify(DigestKind::sha256, sha256("other").view(), signature));
  EXPECT_FALSE(key.verify(DigestKind::sha1, sum.view().substr(0, 20), signature));
  EXPECT_FALSE(key.verify(DigestKind::sha256, sum.view().substr(1), signature));
  EXPECT_FALSE(key.verify(DigestKind::sha256, sum.view(), signature + '\0'));
  EXPECT_FALSE(key.verify(DigestKind::sha256, sum.view(), ""));
  for (const std::size_t at : {0u, 100u, 255u}) {
    Bytes bent = signature;
    bent[at] ^= 1;
    EXPECT_FALSE(key.verify(DigestKind::sha256, sum.view(), bent)) << at;
  }
}

TEST(Signature, Ed25519SignsTheDigest) {
  // RFC 8032 §7.1, test 1
  const auto seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const PrivateKey key = PrivateKey::from_ed25519_seed(Secret(seed)).value();
  EXPECT_EQ(key.public_octets(), from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  const Sum256 sum = sha256("letter");
  const Bytes signature = key.sign(sum.view()).value();
  EXPECT_EQ(signature.size(), 64u);
  const PublicKey known = key.public_key().value();
  EXPECT_EQ(known.kind(), KeyKind::ed25519);
  EXPECT_TRUE(known.verify(DigestKind::sha256, sum.view(), signature));
  EXPECT_FALSE(known.verify(DigestKind::sha256, sha256("other").view(), signature));
  EXPECT_FALSE(known.verify(DigestKind::sha256, sum.view(), signature.substr(1)));
  EXPECT_FALSE(PrivateKey::generate_ed25519()->public_key()->verify(DigestKind::sha256, sum.view(), signature));
  EXPECT_FALSE(PublicKey::from_ed25519(key.public_octets().substr(1)));
  EXPECT_FALSE(PrivateKey::from_ed25519_seed(Secret("short")));
}

TEST(Signature, BothFormsOfAnRsaKeyAreOne) {
  const Bytes spki = rsa().public_octets();
  // The bare form is the last thing in the other one (RFC 5280 §4.1): 270 octets for 2048 bits and this exponent.
  const Bytes bare = spki.substr(spki.size() - 270);
  const Sum256 sum = sha256("x");
  const Bytes signature = rsa().sign(sum.view()).value();
  for (const Bytes& form : {spki, bare}) {
    const auto key = PublicKey::from_rsa(form);
    ASSERT_TRUE(key);
    EXPECT_TRUE(key->verify(DigestKind::sha256, sum.view(), signature));
  }
}

// More keys than are kept, in turns; each stays the one that it is.
TEST(Signature, KeysThatWereReadBeforeAreTheSame) {
  const Bytes real = rsa().public_octets();
  const Sum256 sum = sha256("x");
  const Bytes signature = rsa().sign(sum.view()).value();
  for (int turn = 0; turn < 3; ++turn) {
    for (std::size_t octets = 64; octets < 164; ++octets) {
      const auto key = PublicKey::from_rsa(rsa_key(Bytes(octets, '\x7f'), kF4));
      ASSERT_TRUE(key);
      EXPECT_EQ(key->bits(), 8 * octets - 1);
      EXPECT_FALSE(key->verify(DigestKind::sha256, sum.view(), signature));
      const auto good = PublicKey::from_rsa(real);
      ASSERT_TRUE(good);
      EXPECT_EQ(good->bits(), 2048u);
      EXPECT_TRUE(good->verify(DigestKind::sha256, sum.view(), signature));
    }
  }
  // One octet of it is another one: the last of the exponent.
  Bytes other = real;
  other.back() = '\x03';
  EXPECT_FALSE(PublicKey::from_rsa(other)->verify(DigestKind::sha256, sum.view(), signature));
}

TEST(Signature, WhatIsNoRsaKeyIsRefused) {
  const Bytes spki = rsa().public_octets();
  for (std::size_t size = 0; size < spki.size(); ++size)
    EXPECT_FALSE(PublicKey::from_rsa(spki.substr(0, size))) << size;
  EXPECT_FALSE(PublicKey::from_rsa(spki + '\0'));
  const Bytes modulus(128, '\x7f');
  EXPECT_TRUE(PublicKey::from_rsa(rsa_key(modulus, kF4)));
  const std::pair<const char*, Bytes> wrong[] = {
      {"negative modulus", rsa_key(Bytes(128, '\xff'), kF4)},
      {"even modulus", rsa_key(Bytes(128, '\x7e'), kF4)},
      {"even exponent", rsa_key(modulus, Bytes(1, '\x04'))},
      {"exponent 1", rsa_key(modulus, Bytes(1, '\x01'))},
      {"no exponent", der('\x30', number(modulus))},
      {"a third number", der('\x30', number(modulus) + number(kF4) + number(kF4))},
      {"zero", rsa_key(Bytes(1, '\0'), kF4)},
  };
  for (const auto& [what, octets] : wrong) {
    const auto key = PublicKey::from_rsa(octets);
    ASSERT_FALSE(key) << what;
    EXPECT_EQ(key.error().code(), Errc::invalid) << what;
  }
}

TEST(Signature, WhatIsTooLargeIsRefused) {
  const auto bits = [](std::size_t octets) { return rsa_key(Bytes(octets, '\x7f'), kF4); };
  EXPECT_TRUE(PublicKey::from_rsa(bits(kMaxRsaBits / 8)));
  auto key = PublicKey::from_rsa(bits(kMaxRsaBits / 8 + 1));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), Errc::too_large);
  key = PublicKey::from_rsa(rsa_key(Bytes(256, '\x7f'), Bytes(kMaxRsaExponentBits / 8 + 1, '\x7f')));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), Errc::too_large);
  const auto pem = PrivateKey::from_pem(Secret(Bytes(kMaxPem + 1, '-')));
  ASSERT_FALSE(pem);
  EXPECT_EQ(pem.error().code(), Errc::too_large);
}

TEST(Signature, APemIsReadAgain) {
  const PrivateKey ed = PrivateKey::generate_ed25519().value();
  for (const PrivateKey* key : {&rsa(), &ed}) {
    const Secret pem = key->pem();
    EXPECT_TRUE(pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = PrivateKey::from_pem(pem);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind(), key->kind());
    EXPECT_EQ(again->bits(), key->bits());
    EXPECT_EQ(again->public_octets(), key->public_octets());
  }
  // PKCS#1, 512 bits: RFC 8017 A.1.2 as older tools write it.
  const auto pkcs1 =
      PrivateKey::from_pem(Secret("-----BEGIN RSA PRIVATE KEY-----\n"
                                  "MIIBOgIBAAJBAJZDjs6HrtqglRql7/msKHwqxZh50s3uwwITRLQoTwLtRroSEcPH\n"
                                  "du0gDx93xeieiH1lOUiT9tIXZdgLKSvVyK8CAwEAAQJAVBF0AkSTJSoWgZQ5EJyr\n"
                                  "Ad0EM+xkbmaYn76b/5dVrTKrly051a//6AqtWtg62uKkObR9teAFOOjp7WC5rkoX\n"
                                  "4QIhAMZgaofBIQQTrSJweo1KCKPjtsXfkfOREhkzMq9pT5x3AiEAweloMRwfGXdc\n"
                                  "y8Yk6JzQzIKbrGiBzXVl9y7ReOo5m4kCIQCkuqmbw1b8QK6Tm51YuDKGjXBXzfgv\n"
                                  "rra9sFMVcDjIrwIgATsaDjW/fMnlLOX1FgTozmOF2XJQYJ1+KDOD4OCbvQECIBPS\n"
                                  "g6I3Ol7220rQNLKryHKyMc6ZKrAQemFmgdSJEAvv\n"
                                  "-----END RSA PRIVATE KEY-----\n"));
  ASSERT_TRUE(pkcs1);
  EXPECT_EQ(pkcs1->bits(), 512u);
  for (const char* wrong : {"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                            "-----BEGIN PUBLIC KEY-----\n"
                            "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                            "-----END PUBLIC KEY-----\n"})
    EXPECT_FALSE(PrivateKey::from_pem(Secret(wrong))) << wrong;
}

// Of whole groups of four, without line breaks.
std::string from_base64(const std::string& text) {
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  const auto padding = static_cast<int>(text.size() - text.find_last_not_of('=') - 1);
  out.resize(static_cast<std::size_t>(size - padding));
  return out;
}

TEST(Signature, DerIsWhatAPemHolds) {
  const PrivateKey ed = PrivateKey::generate_ed25519().value();
  for (const PrivateKey* key : {&rsa(), &ed}) {
    std::string base64(key->pem().reveal());
    base64 = base64.substr(base64.find('\n'), base64.rfind("-----END") - base64.find('\n'));
    std::erase(base64, '\n');
    const std::string der = from_base64(base64);
    const auto again = PrivateKey::from_der(Secret(der));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_octets(), key->public_octets());
    for (const std::string& wrong : {der.substr(1), der.substr(0, der.size() - 1), der + '\0', std::string()})
      EXPECT_FALSE(PrivateKey::from_der(Secret(wrong)));
  }
  // PKCS#1 (RFC 8017 A.1.2), 512 bits.
  const auto pkcs1 =
      PrivateKey::from_der(Secret(from_base64("MIIBOgIBAAJBAJZDjs6HrtqglRql7/msKHwqxZh50s3uwwITRLQoTwLtRroSEcPH"
                                              "du0gDx93xeieiH1lOUiT9tIXZdgLKSvVyK8CAwEAAQJAVBF0AkSTJSoWgZQ5EJyr"
                                              "Ad0EM+xkbmaYn76b/5dVrTKrly051a//6AqtWtg62uKkObR9teAFOOjp7WC5rkoX"
                                              "4QIhAMZgaofBIQQTrSJweo1KCKPjtsXfkfOREhkzMq9pT5x3AiEAweloMRwfGXdc"
                                              "y8Yk6JzQzIKbrGiBzXVl9y7ReOo5m4kCIQCkuqmbw1b8QK6Tm51YuDKGjXBXzfgv"
                                              "rra9sFMVcDjIrwIgATsaDjW/fMnlLOX1FgTozmOF2XJQYJ1+KDOD4OCbvQECIBPS"
                                              "g6I3Ol7220rQNLKryHKyMc6ZKrAQemFmgdSJEAvv")));
  ASSERT_TRUE(pkcs1);
  EXPECT_EQ(pkcs1->bits(), 512u);
}

TEST(Signature, TheLimitThatIsToldIsTheOneThatHolds) {
  const Secret pem = rsa().pem();
  EXPECT_TRUE(PrivateKey::from_pem(pem, 2048));
  const auto key = PrivateKey::from_pem(pem, 1024);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), Errc::too_large);
  EXPECT_EQ(key.error().text(), "an RSA key of 2048 bits; at most 1024 are taken");
}

TEST(Signature, OtherKindsOfKeysAreUnsupported) {
  // A P-256 key
  const auto key =
      PrivateKey::from_pem(Secret("-----BEGIN EC PRIVATE KEY-----\n"
                                  "MHcCAQEEIBLiFQztP3KuAXBfNpFhk23utRa9YI1cIBS3oOp25lWnoAoGCCqGSM49\n"
                                  "AwEHoUQDQgAE8w6XwpDojTXKp534CaU+Qk5jrpWv7ANgqBvk1o03GXILXR3n7Sdu\n"
                                  "S/pF3MvhGgKaVr71gMK9SPQxToCnXCP3Bw==\n"
                                  "-----END EC PRIVATE KEY-----\n"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), Errc::unsupported);
}

TEST(Signature, OneKeyServesSeveralThreads) {
  const Sum256 sum = sha256("letter");
  const Bytes signature = rsa().sign(sum.view()).value();
  const PublicKey known = rsa().public_key().value();
  std::vector<int> right(4);
  {
    std::vector<std::jthread> threads;
    for (int& count : right)
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i)
          if (rsa().sign(sum.view()) == signature && known.verify(DigestKind::sha256, sum.view(), signature)) ++count;
      });
  }
  for (const int count : right) EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace chappe::crypto
