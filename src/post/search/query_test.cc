#include "post/search/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace chappe::post::search {
namespace {

// The tree as text.
std::string show(const Query& q) {
  using Kind = Query::Kind;
  std::string out;
  const std::string fields = q.fields == kAllFields ? "" : fmt::format("{:02x}:", q.fields);
  switch (q.kind) {
    case Kind::all:
      return "all";
    case Kind::word:
      return fields + q.words.front();
    case Kind::prefix:
      return fields + q.words.front() + "*";
    case Kind::phrase:
      for (const std::string& w : q.words) out += (out.empty() ? "" : " ") + w;
      return fields + "'" + out + "'";
    case Kind::date: {
      const auto day = [](Time t) {
        return t.us > 1'000'000'000'000'000'000 || t.us < -1'000'000'000'000'000'000 ? "" : to_rfc3339(t).substr(0, 10);
      };
      return "[" + day(q.from) + "," + day(q.until) + ")";
    }
    default:
      break;
  }
  for (const Query& c : q.children) out += (out.empty() ? "" : " ") + show(c);
  return (q.kind == Kind::conjunction ? "and(" : q.kind == Kind::disjunction ? "or(" : "not(") + out + ")";
}

std::string parse(ByteView text) {
  const auto q = parse_query(text);
  return q ? show(*q) : std::string(error_row(q.error().code()).name);
}

TEST(Query, Words) {
  EXPECT_EQ(parse("invoice"), "invoice");
  EXPECT_EQ(parse("  Invoice  MARCH "), "and(invoice march)");
  EXPECT_EQ(parse("\"Annual Report\""), "'annual report'");
  EXPECT_EQ(parse("\"exactly\""), "'exactly'");
  EXPECT_EQ(parse("été"), "ete");
  EXPECT_EQ(parse("john.doe@example.com"), "'john doe example com'");
  EXPECT_EQ(parse("confid*"), "confid*");
  EXPECT_EQ(parse("re-us*"), "and('re' us*)");
  EXPECT_EQ(parse("!!! word ..."), "word");
}

TEST(Query, Fields) {
  EXPECT_EQ(parse("from:marie"), "02:marie");
  EXPECT_EQ(parse("Subject:\"annual report\""), "01:'annual report'");
  EXPECT_EQ(parse("body:inv*"), "80:inv*");
  EXPECT_EQ(parse("http://example.com"), "'http example com'");
  EXPECT_EQ(parse("nosuch:thing"), "'nosuch thing'");
  EXPECT_EQ(parse("from:"), "invalid");
}

TEST(Query, Dates) {
  EXPECT_EQ(parse("before:2026-03-01"), "[,2026-03-01)");
  EXPECT_EQ(parse("after:2026-02"), "[2026-02-01,)");
  EXPECT_EQ(parse("on:2026-12"), "[2026-12-01,2027-01-01)");
  EXPECT_EQ(parse("on:2026"), "[2026-01-01,2027-01-01)");
  EXPECT_EQ(parse("on:2026-02-14 rose"), "and([2026-02-14,2026-02-15) rose)");
  for (const char* bad : {"on:", "on:yesterday", "before:2026-13", "after:2026-02-30", "on:26", "on:2026-1", "on:0000"})
    EXPECT_EQ(parse(bad), "invalid") << bad;
}

TEST(Query, Operators) {
  EXPECT_EQ(parse("a OR b"), "or(a b)");
  EXPECT_EQ(parse("a b OR c d"), "or(and(a b) and(c d))");
  EXPECT_EQ(parse("a AND b"), "and(a b)");
  EXPECT_EQ(parse("a NOT b"), "and(a not(b))");
  EXPECT_EQ(parse("a -b"), "and(a not(b))");
  EXPECT_EQ(parse("-b"), "and(not(b))");
  EXPECT_EQ(parse("NOT NOT a"), "a");
  EXPECT_EQ(parse("(a OR b) c"), "and(or(a b) c)");
  EXPECT_EQ(parse("a -(b OR c)"), "and(a not(or(b c)))");
  EXPECT_EQ(parse("or and not"), "and(or and not)");
  EXPECT_EQ(parse("ORANGE ANDES"), "and(orange andes)");
}

TEST(Query, WhatIsWrong) {
  for (const char* bad :
       {"", "   ", "()", "(a", "a)", "\"a", "a OR", "OR a", "AND a", "a AND", "NOT", "...", "a OR OR b"})
    EXPECT_EQ(parse(bad), "invalid") << bad;
  EXPECT_EQ(parse("\xff"), "invalid");
  EXPECT_EQ(parse(std::string(Query::kMaxSize + 1, 'a')), "too_large");
  std::string many;
  for (std::size_t i = 0; i <= Query::kMaxLeaves; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_EQ(parse(many), "too_large");
  EXPECT_EQ(parse(std::string(100, '(') + "a" + std::string(100, ')')), "too_large");
  std::string deep = "a";
  for (int i = 0; i < Query::kMaxDepth; ++i) deep = "(" + deep + ")";
  EXPECT_EQ(parse(deep), "a");
}

}  // namespace
}  // namespace chappe::post::search
