#include "codec/base64.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace chappe::codec {
namespace {

// RFC 4648 §10
constexpr std::pair<std::string_view, std::string_view> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, RfcVectors) {
  for (const auto& [plain, coded] : kVectors) {
    EXPECT_EQ(base64_encode(plain), coded);
    EXPECT_EQ(base64_decode(coded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotExact) {
  for (const std::string_view bad :
       {"Zg", "Zg=", "Zg===", "=", "==", "===", "====", "Z===", "Zm9v\r\n", " Zm9v", "Zm9v====", "Zm=v",
        "Zg==Zg==", "Zm9*", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Zm8=Zm9v"})
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  EXPECT_EQ(base64_decode(std::string_view("Zm\0v", 4)), std::nullopt);
  EXPECT_EQ(base64_decode("Zm9\xff"), std::nullopt);
}

TEST(Base64, UrlForm) {
  EXPECT_EQ(base64url_encode("\xfb\xff\xfe\xff"), "-__-_w");
  EXPECT_EQ(base64url_decode("-__-_w"), "\xfb\xff\xfe\xff");
  EXPECT_EQ(base64url_decode("-__-_w=="), "\xfb\xff\xfe\xff");
  EXPECT_EQ(base64url_decode("-__-_w="), std::nullopt);
  EXPECT_EQ(base64url_decode("+//+"), std::nullopt);
}

TEST(Base64, RoundTrip) {
  SeededRandom random(1);
  for (std::size_t n = 0; n < 200; ++n) {
    const Bytes bytes = random.bytes(n);
    const std::string coded = base64_encode(bytes);
    EXPECT_EQ(coded.size(), (n + 2) / 3 * 4);
    EXPECT_EQ(base64_decode(coded), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
  }
}

}  // namespace
}  // namespace chappe::codec
