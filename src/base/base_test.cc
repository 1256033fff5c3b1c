#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/text.h"

namespace chappe {
namespace {

Result<int> half(int n) {
  if (n % 2) return fail(Errc::invalid, "{} is odd", n);
  return n / 2;
}
Result<int> quarter(int n) { return half(TRY(half(n))); }

TEST(Result, TryHandsTheErrorUp) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().describe(), "invalid: 3 is odd");
  EXPECT_EQ(quarter(5).error().code(), Errc::invalid);
  EXPECT_EQ(std::move(quarter(5).error()).within("halving").text(), "halving: 5 is odd");
}

TEST(Error, EveryCodeHasItsRow) {
  for (int i = 0; i < kErrcCount; ++i) {
    const auto& row = error_row(static_cast<Errc>(i));
    EXPECT_EQ(static_cast<int>(row.code), i);
    EXPECT_EQ(row.smtp / 100, row.cls == ErrorClass::permanent ? 5 : 4) << row.name;
    EXPECT_EQ(row.enhanced[0] - '0', row.smtp / 100) << row.name;
  }
}

TEST(Time, IsWrittenAsRfc3339) {
  EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339({1'795'285'959'123'456}), "2026-11-21T18:32:39.123456Z");
  EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(Time, IsReadFromRfc3339) {
  for (const std::int64_t us : {0L, 1'795'285'959'123'456L, 951'782'400'000'000L})
    EXPECT_EQ(from_rfc3339(to_rfc3339({us})), Time{us});
  EXPECT_EQ(from_rfc3339("2026-11-21T18:32:39Z"), Time{1'795'285'959'000'000});
  EXPECT_EQ(from_rfc3339("2026-11-21T18:32:39.5Z"), Time{1'795'285'959'500'000});
  EXPECT_EQ(from_rfc3339("1970-01-02"), Time{86'400'000'000});
  for (const char* bad : {"", "2026", "2026-13-01", "2026-02-30", "2026-11-21T", "2026-11-21T18:32:39",
                          "2026-11-21 18:32:39Z", "2026-11-21T24:00:00Z", "2026-11-21T18:32:39.Z",
                          "2026-11-21T18:32:39.1234567Z", "2026-1a-01", "2026-11-21T18:32:39+01:00", "-026-11-21"})
    EXPECT_EQ(from_rfc3339(bad), std::nullopt) << bad;
}

TEST(Random, SeedReplaysAndBelowStaysBelow) {
  SeededRandom a(7), b(7), c(8);
  EXPECT_EQ(a.bytes(33), b.bytes(33));
  EXPECT_NE(a.u64(), c.u64());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(10), 10u);
  EXPECT_NE(system_random().u64(), system_random().u64());
}

TEST(Text, Numbers) {
  EXPECT_EQ(to_number<int>("42"), 42);
  EXPECT_FALSE(to_number<int>(""));
  EXPECT_FALSE(to_number<int>("-1"));
  EXPECT_FALSE(to_number<int>("1 "));
  EXPECT_FALSE(to_number<unsigned char>("256"));
}

TEST(Text, PrintableEscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\r\n\x1b[31m\\\xff"), "a\\x0d\\x0a\\x1b[31m\\\\\\xff");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
}

TEST(Text, SplitAndTrim) {
  EXPECT_EQ(split("a,,b", ',').size(), 3u);
  EXPECT_EQ(trim(" \t x y \r\n"), "x y");
  EXPECT_TRUE(iequals("EhLo", "eHlO"));
  EXPECT_FALSE(iequals("@", "`"));
}

}  // namespace
}  // namespace chappe
