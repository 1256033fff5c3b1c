#include "crypto/password.h"

#include <gtest/gtest.h>

namespace chappe::crypto {
namespace {

constexpr Argon2Params kCheap = {.memory_kib = 64, .passes = 1, .lanes = 1};

TEST(PasswordHash, VerifiesWhatItHashed) {
  SeededRandom random(1);
  const Secret password("correct horse");
  const std::string phc = *hash_password(password, kCheap, random);
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << phc;
  EXPECT_EQ(password_hash_params(phc), kCheap);
  EXPECT_EQ(verify_password(password, phc), true);
  EXPECT_EQ(verify_password(Secret("correct horsf"), phc), false);
  EXPECT_EQ(verify_password(Secret(""), phc), false);
}

TEST(PasswordHash, SaltsDiffer) {
  SeededRandom random(1);
  EXPECT_NE(hash_password(Secret("x"), kCheap, random), hash_password(Secret("x"), kCheap, random));
}

TEST(PasswordHash, DefaultsAreNineteenMebibytesTwoPasses) {
  const std::string phc = *hash_password(Secret("x"), {}, system_random());
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << phc;
  EXPECT_EQ(verify_password(Secret("x"), phc), true);
}

// Made by the reference implementation's own test program: version 19, argon2id, m=256 KiB, t=2, p=1 and p=2,
// password "password", salt "somesalt".
TEST(PasswordHash, ReferenceVectors) {
  EXPECT_EQ(verify_password(Secret("password"),
                            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
            true);
  EXPECT_EQ(verify_password(Secret("password"),
                            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
            true);
}

TEST(PasswordHash, RefusesWhatIsNotArgon2idOrTooDear) {
  for (const char* bad :
       {"", "plain", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQM", "$argon2id$v=16$m=64,t=1,p=1$YQ$YQ",
        "$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$nf65EOgLrQM", "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQM",
        "$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQM", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$c29t$c29t$c29t",
        "$argon2id$v=19$m=-1,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQM"}) {
    const auto params = password_hash_params(bad);
    ASSERT_FALSE(params.has_value()) << bad;
    EXPECT_EQ(params.error().code(), Errc::invalid) << bad;
  }
  for (const char* dear :
       {"$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQM",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQM",
        "$argon2id$v=19$m=64,t=17,p=1$c29tZXNhbHQ$nf65EOgLrQM", "$argon2id$v=19$m=64,t=1,p=5$c29tZXNhbHQ$nf65EOgLrQM"})
    EXPECT_EQ(verify_password(Secret("x"), dear).error().code(), Errc::too_large) << dear;
  EXPECT_EQ(password_hash_params("$argon2id$v=19$m=64,t=1,p=1$" + std::string(300, 'A') + "$AA").error().code(),
            Errc::too_large);
}

TEST(PasswordHash, LimitsPasswordAndParams) {
  SeededRandom random(1);
  const Secret longest(std::string(kMaxPassword, 'p'));
  const Secret longer(std::string(kMaxPassword + 1, 'p'));
  const auto phc = hash_password(longest, kCheap, random);
  ASSERT_TRUE(phc.has_value());
  EXPECT_EQ(hash_password(longer, kCheap, random).error().code(), Errc::too_large);
  EXPECT_EQ(verify_password(longer, *phc), false);
  EXPECT_EQ(hash_password(longest, {.memory_kib = 1 << 20}, random).error().code(), Errc::too_large);
  EXPECT_EQ(hash_password(longest, {.memory_kib = 1}, random).error().code(), Errc::invalid);
}

}  // namespace
}  // namespace chappe::crypto
