#include "message/html.h"

#include <gtest/gtest.h>

#include "message/linear_testing.h"

namespace chappe::message {
namespace {

TEST(Html, TextAsPeopleReadIt) {
  EXPECT_EQ(html_text("<p>Hello <b>wor</b>ld</p><p>again</p>"), "Hello world\nagain");
  EXPECT_EQ(html_text("a<br>b<BR/>c"), "a\nb\nc");
  EXPECT_EQ(html_text("<table><tr><td>1</td><td>2</td></tr><tr><td>3"), "1 2\n3");
  EXPECT_EQ(html_text("  many \n\t blanks\r\n "), "many blanks");
  EXPECT_EQ(html_text("<div><div><div>x</div></div></div>"), "x");
  EXPECT_EQ(html_text(""), "");
}

TEST(Html, WhatIsNotShown) {
  EXPECT_EQ(html_text("a<!-- <b>no</b> -->b"), "ab");
  EXPECT_EQ(html_text("a<!-->b"), "ab");
  EXPECT_EQ(html_text("a<!-- never ends"), "a");
  EXPECT_EQ(html_text("<!DOCTYPE html><style>p { color: red }</style>seen<script>var a = '<p>no</p>';</script>"),
            "seen");
  EXPECT_EQ(html_text("<title>A &lt; title</title>body"), "body");
  EXPECT_EQ(html_text("a<STYLE>x</StYlE >b"), "ab");
  EXPECT_EQ(html_text("a<script>never ends <p>b"), "a");
  EXPECT_EQ(html_text("<?xml version=\"1.0\"?>a"), "a");
  EXPECT_EQ(html_text("a</>b</ x>c"), "abc");
  EXPECT_EQ(html_text("soft&shy;ly a\u200bb"), "softly ab");
}

TEST(Html, TagsAsBrowsersSeeThem) {
  EXPECT_EQ(html_text("<a href=\"x>y\" title='>'>link</a>"), "link");
  EXPECT_EQ(html_text("1 < 2 and 2<3"), "1 < 2 and 2<3");
  EXPECT_EQ(html_text("<p never ends"), "");
  EXPECT_EQ(html_text("x<a href='never ends>y</a>"), "x");
  EXPECT_EQ(html_text("<img alt=\"the &eacute;toile\" src=x>!<img src=y alt=two>"), "the étoile ! two");
}

TEST(Html, References) {
  EXPECT_EQ(html_text("&lt;b&gt; &amp;amp; &quot;x&quot;"), "<b> &amp; \"x\"");
  EXPECT_EQ(html_text("&eacute;t&eacute &#233; &#xE9; &#X e9"), "été é é &#X e9");
  EXPECT_EQ(html_text("a&nbsp;b &nosuch; & &;"), "a b &nosuch; & &;");
  EXPECT_EQ(html_text("&#0;&#xd800;&#x110000;&#99999999999;"), "\ufffd\ufffd\ufffd\ufffd");
  EXPECT_EQ(html_text("&#146;&#128;"), "’€");
  EXPECT_EQ(html_text("&notit;"), "¬it;");
}

TEST(Html, Limit) {
  EXPECT_EQ(html_text("<p>abcdef", 3), "abc");
  EXPECT_EQ(html_text("ab\u00e9", 3), "ab");
}

TEST(Html, LinearInWhatIsNasty) {
  for (const char* piece : {"<", "&", "<!", "<!--", "</", "<a ", "<a b='", "<script>", "</script", "<img alt=x>", "&#"})
    expect_linear(
        piece, 20'000,
        [piece](int n) {
          std::string out;
          for (int i = 0; i < n; ++i) out += piece;
          return out;
        },
        [](const std::string& all) { (void)html_text(all); });
}

}  // namespace
}  // namespace chappe::message
