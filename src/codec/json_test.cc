#include "codec/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace chappe::codec::json {
namespace {

TEST(JsonWriter, WritesEveryKindOnOneLine) {
  std::string out;
  Writer w(out);
  w.begin_object().field("s", "a\"b").field("n", -7).field("u", std::uint64_t{18446744073709551615u});
  w.field("b", true).field("z", nullptr).field("d", 0.1);
  w.key("a").begin_array().value(1).value("x").begin_object().end_object().end_array();
  w.end_object();
  EXPECT_EQ(out, R"({"s":"a\"b","n":-7,"u":18446744073709551615,"b":true,"z":null,"d":0.1,"a":[1,"x",{}]})");
}

TEST(JsonWriter, IndentsAndLeavesEmptyBracketsTogether) {
  std::string out;
  Writer w(out, 2);
  w.begin_object()
      .key("a")
      .begin_array()
      .value(1)
      .value(2)
      .end_array()
      .key("o")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(out, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"o\": {}\n}");
}

TEST(JsonWriter, NumbersThatJsonLacksAreNull) {
  std::string out;
  Writer(out).begin_array().value(std::nan("")).value(std::numeric_limits<double>::infinity()).end_array();
  EXPECT_EQ(out, "[null,null]");
}

TEST(JsonWriter, WhatItWritesReadsBack) {
  std::string out;
  Writer(out).begin_array().value(std::string_view("\xff\0\x1b", 3)).value(1.0 / 3).value(1e300).end_array();
  const auto v = parse(out);
  ASSERT_TRUE(v) << out;
  EXPECT_EQ(*v->items()[0].as_string(), std::string_view("\xef\xbf\xbd\0\x1b", 5));
  EXPECT_EQ(*v->items()[1].as_double(), 1.0 / 3);
  EXPECT_EQ(*v->items()[2].as_double(), 1e300);
}

TEST(JsonParse, ReadsEveryKind) {
  const auto v = parse(
      R"( {"s":"\u00e9\n","i":-9223372036854775808,"d":2.5,"t":true,"n":null,"a":[1,[2]],"big":9223372036854775808} )");
  ASSERT_TRUE(v) << v.error().text();
  EXPECT_EQ(*v->get_string("s"), "é\n");
  EXPECT_EQ(*v->get_int("i"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*v->get_double("d"), 2.5);
  EXPECT_EQ(*v->get_double("i"), -9223372036854775808.0);
  EXPECT_TRUE(*v->get_bool("t"));
  EXPECT_TRUE(v->find("n")->is_null());
  EXPECT_EQ(*v->find("a")->items()[1].items()[0].as_int(), 2);
  EXPECT_EQ(v->find("big")->kind(), Value::Kind::real);
  EXPECT_EQ(v->members()[1].name, "i");
}

TEST(JsonParse, LookupsSayWhatIsWrong) {
  const auto v = parse(R"({"n":1})");
  ASSERT_TRUE(v);
  EXPECT_EQ(v->find("x"), nullptr);
  EXPECT_EQ(v->get_string("x").error(), Error(Errc::invalid, "no field 'x'"));
  EXPECT_EQ(v->get_string("n").error(), Error(Errc::invalid, "field 'n': a string is wanted, not an integer"));
  EXPECT_EQ(parse("[]")->get("x").error(), Error(Errc::invalid, "an object is wanted, not an array"));
  EXPECT_TRUE(parse("1")->items().empty());
  EXPECT_TRUE(parse("1")->members().empty());
}

TEST(JsonParse, FindsEachOfManyNames) {
  std::string text = "{";
  for (int i = 0; i < 500; ++i) text += fmt::format("{}\"k{}\":{}", i ? "," : "", (i * 7) % 500, (i * 7) % 500);
  const auto v = parse(text + "}");
  ASSERT_TRUE(v);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(*v->get_int(fmt::format("k{}", i)), i);
}

TEST(JsonParse, RefusesWhatIsNotJson) {
  for (std::string_view text :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "01", "1 2", "'a'", "nul", "\"\x01\"", "[1]x", "NaN", "\"\xff\"",
        "\"\\ud800\"", "{\"a\" 1}", "\"\\x\"", "123456789012345678901234567890"}) {
    const auto v = parse(text);
    ASSERT_FALSE(v) << text;
    EXPECT_EQ(v.error().code(), Errc::invalid) << text;
  }
}

TEST(JsonParse, RefusesANameThatComesTwice) {  // RFC 7493 §2.3
  EXPECT_EQ(parse(R"({"a":1,"b":2,"a":3})").error().code(), Errc::invalid);
  EXPECT_EQ(parse(R"({"a":1,"\u0061":3})").error().code(), Errc::invalid);
  EXPECT_TRUE(parse(R"({"a":{"a":1}})"));
}

TEST(JsonParse, HoldsItsLimits) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse(nested(32)));
  EXPECT_EQ(parse(nested(33)).error().code(), Errc::too_large);
  EXPECT_EQ(parse(nested(500'000)).error().code(), Errc::too_large);
  EXPECT_TRUE(parse(nested(3), {.bytes = 6, .depth = 3}));
  EXPECT_EQ(parse(nested(4), {.bytes = 6}).error().code(), Errc::too_large);
}

}  // namespace
}  // namespace chappe::codec::json
