#include "codec/charset.h"

#include <gtest/gtest.h>

#include "codec/utf8.h"

namespace chappe::codec {
namespace {

std::string text(ByteView bytes, ByteView charset) { return to_utf8(bytes, charset).text; }

TEST(Charset, WhatBrowsersDo) {
  EXPECT_EQ(text("\x93quoted\x94 \x80", "iso-8859-1"), "“quoted” €");
  EXPECT_EQ(text("caf\xe9", "US-ASCII"), "café");
  EXPECT_EQ(text("caf\xe9", " \"Latin1\" "), "café");
  EXPECT_EQ(text("caf\xc3\xa9", ""), "café");
  EXPECT_EQ(text("caf\xe9", ""), "café");
}

TEST(Charset, Families) {
  EXPECT_EQ(text("\xa4", "iso-8859-15"), "€");
  EXPECT_EQ(text("\xcf\xf0\xe8\xe2\xe5\xf2", "windows-1251"), "Привет");
  EXPECT_EQ(text("\xf0\xd2\xc9\xd7\xc5\xd4", "koi8-r"), "Привет");
  EXPECT_EQ(text("\x1b$B$3$s$K$A$O\x1b(B", "ISO-2022-JP"), "こんにちは");
  EXPECT_EQ(text("\x82\xb1\x82\xf1", "Shift_JIS"), "こん");
  EXPECT_EQ(text("\xa4\xb3\xa4\xf3", "EUC-JP"), "こん");
  EXPECT_EQ(text("\xc4\xe3\xba\xc3", "GB2312"), "你好");
  EXPECT_EQ(text("\xa7\x41\xa6\x6e", "Big5"), "你好");
  EXPECT_EQ(text("\xbe\xc8\xb3\xe7", "ks_c_5601-1987"), "안녕");
  EXPECT_EQ(text("+AOk-", "utf-7"), "é");
  EXPECT_EQ(text(std::string_view("\0h\0i", 4), "utf-16be"), "hi");
}

TEST(Charset, UnknownIsAnAnswer) {
  const Converted c = to_utf8("plain \xff", "x-klingon");
  EXPECT_FALSE(c.known);
  EXPECT_EQ(c.text, "plain \uFFFD");
  EXPECT_EQ(c.errors, 1u);
  EXPECT_EQ(to_utf8("déjà", "x-klingon").text, "déjà");
  for (const std::string_view name : {"utf-8,locale=x", "../../etc/passwd", "ibm-037", "lmbcs-1", "scsu", "a\0b"})
    EXPECT_FALSE(charset_known(name)) << name;
  EXPECT_FALSE(charset_known(std::string(100000, 'x')));
  EXPECT_TRUE(charset_known("UTF8"));
  EXPECT_TRUE(charset_known("iso-8859-7"));
}

TEST(Charset, BadOctetsBecomeReplacements) {
  const Converted c = to_utf8("a\xc3z", "utf-8");
  EXPECT_TRUE(c.known);
  EXPECT_EQ(c.text, "a\uFFFDz");
  EXPECT_GT(c.errors, 0u);
  const Converted j = to_utf8("\x82", "shift_jis");
  EXPECT_TRUE(utf8_valid(j.text));
  EXPECT_GT(j.errors, 0u);
}

// A converter is kept open between calls: what one call leaves behind must not colour the next.
TEST(Charset, CallsAreIndependent) {
  EXPECT_EQ(text("\x1b$B$3", "iso-2022-jp"), "こ");
  EXPECT_EQ(text("plain", "iso-2022-jp"), "plain");
  for (const char* name : {"koi8-r", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7",
                           "windows-1250", "windows-1253", "iso-2022-jp"})
    EXPECT_EQ(text("plain", name), "plain");
}

TEST(Charset, LongTextIsConvertedWhole) {
  std::string sjis;
  for (int i = 0; i < 5000; ++i) sjis += "\x82\xb1";
  EXPECT_EQ(text(sjis, "shift_jis").size(), 15000u);
}

}  // namespace
}  // namespace chappe::codec
