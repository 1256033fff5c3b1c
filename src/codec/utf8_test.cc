#include "codec/utf8.h"

#include <gtest/gtest.h>

namespace chappe::codec {
namespace {

TEST(Utf8, Validity) {
  for (const std::string_view good : {"", "a", "é", "€", "𝄞", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(utf8_valid(good)) << good;
  for (const std::string_view bad :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9d\x84", "abcdefgh\xc3"})
    EXPECT_FALSE(utf8_valid(bad));
  EXPECT_EQ(utf8_valid_prefix("abc\xc3\xa9\xffz"), 5u);
}

// The example of Unicode 15 §3.9, table 3-8.
TEST(Utf8, RepairReplacesMaximalParts) {
  EXPECT_EQ(utf8_repair("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(utf8_repair("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), "\uFFFD\uFFFD\uFFFD\uFFFDA");
  EXPECT_EQ(utf8_repair("déjà"), "déjà");
}

TEST(Utf8, CutKeepsCharactersWhole) {
  EXPECT_EQ(utf8_cut("né", 2), "n");
  EXPECT_EQ(utf8_cut("né", 3), "né");
  EXPECT_EQ(utf8_cut("a𝄞b", 4), "a");
  EXPECT_EQ(utf8_cut("a𝄞b", 5), "a𝄞");
  EXPECT_EQ(utf8_cut("", 0), "");
}

TEST(Utf8, TakeIsTheInverseOfAppend) {
  for (const char32_t c : {U'\0', U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xfffd', U'\x10000', U'\x10ffff'}) {
    std::string s;
    append_utf8(s, c);
    ByteView rest = s;
    EXPECT_EQ(take_utf8(rest), c);
    EXPECT_TRUE(rest.empty());
  }
  ByteView bad = "\xe2\x82z";
  EXPECT_EQ(take_utf8(bad), kReplacement);
  EXPECT_EQ(bad, "z");
}

TEST(Utf8, Ascii) {
  EXPECT_TRUE(is_ascii("plain text, longer than a word"));
  EXPECT_FALSE(is_ascii("plain text, longer than a word\x80"));
}

}  // namespace
}  // namespace chappe::codec
