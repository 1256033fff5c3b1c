#include "trust/dkim/tag_list.h"

#include <gtest/gtest.h>

#include "message/linear_testing.h"

namespace chappe::trust::dkim {
namespace {

TagError error_of(ByteView text) {
  const auto list = TagList::parse(text);
  EXPECT_FALSE(list) << text;
  return list ? TagError{} : list.error();
}

TEST(TagList, ReadsTagsInOrderWithTheirPlaces) {
  const ByteView text = " v=1; a = rsa-sha256 ;\r\n\tb=ab\r\n cd ; empty= ;Z_9=x=y;";
  const auto list = TagList::parse(text);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->tags().size(), 5u);
  EXPECT_EQ(list->value("v"), "1");
  EXPECT_EQ(list->value("a"), "rsa-sha256");
  EXPECT_EQ(list->value("b"), "ab\r\n cd");
  EXPECT_EQ(list->value("empty"), "");
  EXPECT_EQ(list->value("Z_9"), "x=y");
  EXPECT_EQ(list->value("z_9"), std::nullopt);  // RFC 6376 §3.2: case counts
  const Tag* b = list->find("b");
  EXPECT_EQ(text.substr(b->begin, b->end - b->begin), "ab\r\n cd ");
  EXPECT_EQ(text[b->begin - 1], '=');
  EXPECT_EQ(text[b->end], ';');
}

TEST(TagList, LookalikesOfATagAreOthers) {
  const auto list = TagList::parse("bh=1; b=2; bb=3");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->value("b"), "2");
  EXPECT_EQ(list->value("bh"), "1");
  EXPECT_EQ(list->value("h"), std::nullopt);
}

TEST(TagList, TheEndMayBeASemicolonAndBlanks) {
  for (const char* text : {"a=1", "a=1;", "a=1; ", "a=1;\r\n ", "a=1 ", "a=1;\t\n\t"}) {
    const auto list = TagList::parse(text);
    ASSERT_TRUE(list) << text;
    EXPECT_EQ(list->tags().size(), 1u);
    EXPECT_EQ(list->value("a"), "1");
  }
}

TEST(TagList, SaysWhatIsWrongAndWhere) {
  const struct {
    ByteView text;
    TagFault fault;
    std::size_t at;
    const char* tag;
  } cases[] = {
      {"", TagFault::no_tag, 0, ""},
      {" \r\n ", TagFault::no_tag, 0, ""},
      {";", TagFault::no_tag, 0, ""},
      {"a=1;;b=2", TagFault::no_tag, 4, ""},
      {"a=1; ;", TagFault::no_tag, 5, ""},
      {"a=1; =2", TagFault::bad_name, 5, ""},
      {"1a=1", TagFault::bad_name, 0, "1a"},
      {"_a=1", TagFault::bad_name, 0, "_a"},
      {"a-b=1", TagFault::bad_name, 1, "a"},
      {"a=1; \xc3\xa9=2", TagFault::bad_name, 5, ""},
      {"k=rsa; t; p=x", TagFault::no_equals, 8, "t"},
      {"k=rsa; t", TagFault::no_equals, 8, "t"},
      {"k x=rsa", TagFault::no_equals, 2, "k"},
      {"a=x\x01y", TagFault::bad_octet, 3, "a"},
      {ByteView("a=x\0y", 5), TagFault::bad_octet, 3, "a"},
      {"a=x\x7f", TagFault::bad_octet, 3, "a"},
      {"a=x\ry", TagFault::bad_octet, 3, "a"},
      {"a=x\r", TagFault::bad_octet, 3, "a"},
      {"a=x\r\ny", TagFault::bad_octet, 4, "a"},
      {"a=x\ny", TagFault::bad_octet, 3, "a"},
      {"d=x; a=1; d=y", TagFault::duplicate, 10, "d"},
      {"d=x; d=x", TagFault::duplicate, 5, "d"},
  };
  for (const auto& c : cases) {
    const TagError error = error_of(c.text);
    EXPECT_EQ(error.fault, c.fault) << c.text;
    EXPECT_EQ(error.at, c.at) << c.text;
    EXPECT_EQ(error.tag, c.tag) << c.text;
  }
  EXPECT_EQ(error_of("d=x; d=x").text(), "a tag stands twice: d (octet 5)");
}

TEST(TagList, EightBitValuesAreRead) {
  const auto list = TagList::parse(
      "d=b\xc3\xbc"
      "cher.example; n=\xff");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->value("n"), "\xff");
}

TEST(TagList, Limits) {
  std::string many;
  for (std::size_t i = 0; i < TagList::kMaxTags; ++i) many += "t" + std::to_string(i) + "=x;";
  EXPECT_TRUE(TagList::parse(many));
  EXPECT_EQ(error_of(many + "z=x").fault, TagFault::too_many);
  const std::string large = "a=" + std::string(TagList::kMaxOctets - 2, 'x');
  EXPECT_TRUE(TagList::parse(large));
  EXPECT_EQ(error_of(large + "x").fault, TagFault::too_large);
}

TEST(TagList, TakesLinearTime) {
  for (const char* piece : {" ", "a", "\r\n ", "=", "a=\r\n\t"})
    message::expect_linear(
        piece, 800 / static_cast<int>(std::string_view(piece).size()),
        [piece](int n) {
          std::string out = "a=";
          for (int i = 0; i < n; ++i) out += piece;
          return out;
        },
        [](const std::string& text) {
          for (int i = 0; i < 50; ++i) (void)TagList::parse(text);
        });
}

TEST(TagValues, Base64WithBlanks) {
  EXPECT_EQ(base64_with_blanks("YW Jj\r\n\tZA =\n ="), "abcd");
  EXPECT_EQ(base64_with_blanks("YWJjZA"), "abcd");
  EXPECT_EQ(base64_with_blanks(""), "");
  for (const char* wrong : {"YWJj!", "Y", "YW=Jj", "YWJjZB==", "YWJj=", "=", "YWJjZA==="})
    EXPECT_FALSE(base64_with_blanks(wrong)) << wrong;
}

TEST(TagValues, ColonLists) {
  EXPECT_EQ(colon_list("from : To\r\n :\tx", 3), (std::vector<ByteView>{"from", "To", "x"}));
  EXPECT_EQ(colon_list("from", 1), std::vector<ByteView>{"from"});
  for (const char* wrong : {"", "a:", ":a", "a::b", "a: :b"}) EXPECT_FALSE(colon_list(wrong, 9)) << wrong;
  EXPECT_FALSE(colon_list("a:b:c", 2));
}

TEST(TagValues, Numbers) {
  EXPECT_EQ(decimal("0012", 12), 12u);
  EXPECT_EQ(decimal("18446744073709551615", 76), UINT64_MAX);
  EXPECT_FALSE(decimal("18446744073709551616", 76));
  for (const char* wrong : {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "1234567890123"})
    EXPECT_FALSE(decimal(wrong, 12)) << wrong;
}

TEST(TagValues, DkimQuotedPrintable) {
  EXPECT_EQ(unquote("a=3Bb=20\r\n c=0a"), "a;b c\n");
  EXPECT_EQ(unquote(""), "");
  for (const char* wrong : {"=", "=3", "a=3", "=G0", "=0G"}) EXPECT_FALSE(unquote(wrong)) << wrong;
}

}  // namespace
}  // namespace chappe::trust::dkim
