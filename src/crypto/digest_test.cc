#include "crypto/digest.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace chappe::crypto {
namespace {

TEST(Sha256, FipsExamples) {
  EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, PiecesEqualTheWholeAndTheObjectBeginsAgain) {
  const std::string text(100'000, 'x');
  Sha256 hash;
  for (std::size_t at = 0; at < text.size(); at += 777) hash.update(ByteView(text).substr(at, 777));
  EXPECT_EQ(hash.finish(), sha256(text));
  hash.update(ChunkList("abc"));
  EXPECT_EQ(hash.finish(), sha256("abc"));
  EXPECT_EQ(hash.finish(), sha256(""));
}

TEST(Sha1, FipsExample) {
  const auto sum = sha1("abc");
  EXPECT_EQ(ByteView(sum.data(), sum.size()),
            "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d");
}

TEST(Sha1, PiecesEqualTheWholeAndTheObjectBeginsAgain) {
  Sha1 hash;
  for (const char* piece : {"a", "", "bc"}) hash.update(piece);
  EXPECT_EQ(hash.finish(), sha1("abc"));
  EXPECT_EQ(hash.finish(), sha1(""));
}

// RFC 4231 §4.2, §4.3, §4.7
TEST(HmacSha256, Rfc4231) {
  EXPECT_EQ(hmac_sha256(std::string(20, '\x0b'), "Hi There").hex(),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256("Jefe", {"what do ya want ", "for nothing?"}).hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First").hex(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AnEmptyKeyIsAKey) {
  EXPECT_EQ(hmac_sha256("", "").hex(), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 7914 §11
TEST(Pbkdf2, Rfc7914) {
  EXPECT_EQ(pbkdf2_sha256(Secret("passwd"), "salt", 1).hex(),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(pbkdf2_sha256(Secret("Password"), "NaCl", 80000).hex(),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST(ConstantTime, ComparesAsEqualDoes) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

TEST(Secret, MovesAndWipesWhatItTakes) {
  std::string password = "a password that lies on the heap, for sure";
  const char* const where = password.data();
  Secret secret = Secret::take(std::move(password));
  EXPECT_EQ(where[0], '\0');
  EXPECT_TRUE(secret.equals("a password that lies on the heap, for sure"));
  const Secret other = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): what a moved-from Secret is, is promised
  EXPECT_EQ(other.size(), 42U);
  EXPECT_TRUE(other.clone().equals(other.reveal()));
}

TEST(Secret, CannotBeCopiedOrFormatted) {
  static_assert(!std::is_copy_constructible_v<Secret>);
  static_assert(!fmt::is_formattable<Secret>::value);
}

}  // namespace
}  // namespace chappe::crypto
