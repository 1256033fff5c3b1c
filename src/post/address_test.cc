#include "post/address.h"

#include <gtest/gtest.h>

namespace chappe::post {
namespace {

AddressKey key(std::string_view written) {
  auto parsed = AddressKey::parse(written);
  if (!parsed) {
    ADD_FAILURE() << written << ": " << parsed.error().describe();
    return {};
  }
  return *parsed;
}

TEST(AddressKey, ComparesWhatNamesTheSameMailbox) {
  EXPECT_EQ(key("Bob@Example.ORG"), key("bob@example.org"));
  EXPECT_EQ(key("\"bob\"@example.org"), key("bob@example.org"));
  EXPECT_EQ(key("\"b\\ob\"@example.org"), key("bob@example.org"));
  EXPECT_EQ(key("ÉLISE@bücher.example"), key("e\xcc\x81lise@xn--bcher-kva.example"));
  EXPECT_NE(key("bob@example.org"), key("bob@example.net"));
  EXPECT_NE(key("bob.a@example.org"), key("boba@example.org"));
}

TEST(AddressKey, KeepsTheWrittenForm) {
  const auto a = key("Bob.Smith@Bücher.Example");
  EXPECT_EQ(a.written(), "Bob.Smith@Bücher.Example");
  EXPECT_EQ(a.local(), "bob.smith");
  EXPECT_EQ(a.domain(), "xn--bcher-kva.example");
  EXPECT_EQ(a.text(), "bob.smith@xn--bcher-kva.example");
  EXPECT_EQ(key("\"bob\"@example.org").written(), "bob@example.org");
  EXPECT_EQ(key("\"John Doe\"@example.org").written(), "\"John Doe\"@example.org");
  EXPECT_EQ(key("a..b@example.org").written(), "\"a..b\"@example.org");
  EXPECT_EQ(key(R"("a\"b\\c@x"@example.org)").written(), R"("a\"b\\c@x"@example.org)");
  EXPECT_EQ(key(R"("a\"b\\c@x"@example.org)").local(), R"(a"b\c@x)");
}

TEST(AddressKey, RefusesWhatIsNone) {
  for (const char* bad : {"",
                          "@",
                          "bob",
                          "bob@",
                          "@example.org",
                          "\"\"@example.org",
                          "\"bob@example.org",
                          "\"bob\"example.org",
                          "\"bob\\",
                          "bob smith@example.org",
                          "<bob@example.org>",
                          "bob@example.org ",
                          "bob(x)@example.org",
                          "bob@[192.0.2.1]",
                          "bob@192.0.2.1",
                          "bob@example.net(.example.com",
                          "b@c@example.org",
                          "b\nb@example.org",
                          "\"b\r\nb\"@example.org",
                          "\xff@example.org",
                          "bob@exa_mple.org"})
    EXPECT_EQ(AddressKey::parse(bad).error().code(), Errc::invalid) << bad;
  EXPECT_EQ(AddressKey::of(std::string_view("a\0b", 3), "example.org").error().code(), Errc::invalid);
}

// RFC 5321 §4.5.3.1.1
TEST(AddressKey, LimitsTheLocalPart) {
  EXPECT_TRUE(AddressKey::parse(std::string(64, 'a') + "@example.org").has_value());
  EXPECT_EQ(AddressKey::parse(std::string(65, 'a') + "@example.org").error().code(), Errc::too_large);
}

TEST(AddressKey, DropsTheDetail) {
  EXPECT_EQ(key("Bob+lists+more@example.org").without_detail('+'), key("bob@example.org"));
  EXPECT_EQ(key("bob-lists@example.org").without_detail('-'), key("bob@example.org"));
  EXPECT_EQ(key("bob@example.org").without_detail('+'), std::nullopt);
  EXPECT_EQ(key("+lists@example.org").without_detail('+'), std::nullopt);
}

}  // namespace
}  // namespace chappe::post
