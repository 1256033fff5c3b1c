#include "base/quote.h"

#include <gtest/gtest.h>

namespace chappe {
namespace {

std::string quoted(std::string_view s) {
  std::string out;
  append_quoted(out, s);
  return out;
}

TEST(Quote, EscapesWhatJsonMustAndLeavesTheRest) {
  EXPECT_EQ(quoted("plain / text"), R"("plain / text")");
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("é€😀"), "\"é€😀\"");
}

TEST(Quote, NoControlCharacterReachesATerminal) {
  EXPECT_EQ(quoted("\x1b[2J\x7f"), R"("\u001b[2J\u007f")");
  EXPECT_EQ(quoted("\xc2\x9b"
                   "31m"),
            R"("\u009b31m")");  // U+009B is CSI in one character
  EXPECT_EQ(quoted("\xc2\xa0"), "\"\xc2\xa0\"");
}

TEST(Quote, WhatIsNotUtf8BecomesTheReplacementCharacter) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(quoted("a\xff"
                   "b"),
            "\"a" + r + "b\"");
  EXPECT_EQ(quoted("\xc3"), "\"" + r + "\"");                          // cut short
  EXPECT_EQ(quoted("\xc0\xaf"), "\"" + r + r + "\"");                  // overlong
  EXPECT_EQ(quoted("\xed\xa0\x80"), "\"" + r + r + r + "\"");          // surrogate
  EXPECT_EQ(quoted("\xf4\x90\x80\x80"), "\"" + r + r + r + r + "\"");  // above U+10FFFF
}

TEST(Quote, KnowsTheEdgesOfEachRangeOfUtf8) {
  const auto kept = [](std::string_view s) { return quoted(s) == "\"" + std::string(s) + "\""; };
  for (std::string_view s :
       {"\xc3\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(kept(s)) << s;
  for (std::string_view s :
       {"\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"})
    EXPECT_FALSE(kept(s)) << s;
}

}  // namespace
}  // namespace chappe
