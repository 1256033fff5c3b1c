#include "trust/ip.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "trust/ip_ranges.h"

namespace chappe::trust {
namespace {

Ip ip(std::string_view text) { return Ip::parse(text).value(); }

TEST(Ip, Text) {
  EXPECT_EQ(ip("192.0.2.1").text(), "192.0.2.1");
  EXPECT_EQ(ip("2001:DB8:0:0::1").text(), "2001:db8::1");
  EXPECT_EQ(ip("2001:db8::1"), ip("2001:0db8:0::0001"));
  for (const std::string_view bad : {"", "192.0.2", "192.0.2.01", "192.0.2.256", "192.0.2.1 ", "[2001:db8::1]",
                                     "fe80::1%1", "2001:db8::1/64", "a", ":"})
    EXPECT_FALSE(Ip::parse(bad)) << bad;
  EXPECT_FALSE(Ip::parse(std::string_view("192.0.2.1\0", 10)));
  EXPECT_FALSE(Ip::parse(std::string(100'000, ':')));
}

TEST(Ip, AMappedAddressOfAClientIsIpv4) {
  EXPECT_EQ(Ip::of_client("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_EQ(Ip::of_client("::FFFF:c000:0201"), ip("192.0.2.1"));
  EXPECT_FALSE(ip("::ffff:192.0.2.1").v4());
  EXPECT_FALSE(Ip::of_client("::192.0.2.1")->v4());
  EXPECT_FALSE(Ip::of_client("::fffe:192.0.2.1")->v4());
}

TEST(Ip, AsPartOfNames) {
  EXPECT_EQ(ip("192.0.2.1").dotted(), "192.0.2.1");
  EXPECT_EQ(ip("192.0.2.1").reversed(), "1.2.0.192");
  EXPECT_EQ(ip("2001:db8::567:89ab").reversed(), "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2");
  EXPECT_EQ(ip("2001:db8::567:89ab").dotted(), "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.5.6.7.8.9.a.b");
}

TEST(Ip, Networks) {
  EXPECT_TRUE(ip("192.0.2.1").in(ip("192.0.2.1"), 32));
  EXPECT_FALSE(ip("192.0.2.1").in(ip("192.0.2.0"), 32));
  EXPECT_TRUE(ip("192.0.2.1").in(ip("192.0.2.0"), 31));
  EXPECT_TRUE(ip("192.0.2.127").in(ip("192.0.2.0"), 25));
  EXPECT_FALSE(ip("192.0.2.128").in(ip("192.0.2.0"), 25));
  EXPECT_TRUE(ip("192.0.2.1").in(ip("10.0.0.0"), 0));
  EXPECT_FALSE(ip("192.0.2.1").in(ip("::"), 0));
  EXPECT_TRUE(ip("2001:db8::1").in(ip("::"), 0));
  EXPECT_TRUE(ip("2001:db8:8000::").in(ip("2001:db8:ffff::"), 33));
  EXPECT_FALSE(ip("2001:db8:7fff::").in(ip("2001:db8:ffff::"), 33));
  EXPECT_TRUE(ip("2001:db8::1").in(ip("2001:db8::1"), 128));
}

TEST(Ip, Numbers) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "ffff::ffff"})
    EXPECT_EQ(Ip::of_number(ip(text).number(), ip(text).v4()), ip(text));
  EXPECT_EQ(static_cast<std::uint64_t>(ip("192.0.2.1").number()), 0xc0000201u);
}

std::string told(const IpRanges& ranges) {
  std::string out;
  for (const IpRange& r : ranges.list()) out += r.first.text() + '-' + r.last.text() + ' ';
  return out;
}

TEST(IpRanges, AreMerged) {
  IpRanges ranges(true);
  EXPECT_TRUE(ranges.empty());
  ranges.add(ip("192.0.2.200"), 25);
  ranges.add(ip("192.0.2.1"), 32);
  EXPECT_EQ(told(ranges), "192.0.2.1-192.0.2.1 192.0.2.128-192.0.2.255 ");
  EXPECT_EQ(ranges.size(), 129);
  ranges.add(ip("192.0.2.2"), 32);
  EXPECT_EQ(told(ranges), "192.0.2.1-192.0.2.2 192.0.2.128-192.0.2.255 ");
  ranges.add(ip("192.0.2.0"), 24);
  EXPECT_EQ(told(ranges), "192.0.2.0-192.0.2.255 ");
  EXPECT_TRUE(ranges.covers(ip("192.0.2.77"), 25));
  EXPECT_FALSE(ranges.covers(ip("192.0.2.77"), 23));
  EXPECT_FALSE(ranges.covers(ip("192.0.3.1"), 32));
  ranges.add_everything();
  EXPECT_EQ(ranges.size(), 4294967296.0);
  EXPECT_TRUE(ranges.covers(ip("255.255.255.255"), 0));
  IpRanges six(false);
  six.add(ip("::"), 0);
  EXPECT_EQ(told(six), "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ");
  six.add(ip("ffff::"), 16);
  EXPECT_EQ(six.list().size(), 1u);
}

// Against sets of numbers.
TEST(IpRanges, AreWhatSetsAre) {
  std::mt19937 dice(7);
  for (int round = 0; round < 300; ++round) {
    IpRanges ranges(true), other(true);
    std::set<unsigned> plain, plain_other;
    for (int i = 0; i < 12; ++i) {
      const unsigned prefix = 26 + dice() % 7, at = dice() % 256;
      const unsigned size = 1u << (32 - prefix);
      auto& into = i % 2 == 0 ? plain : plain_other;
      for (unsigned k = 0; k < size; ++k) into.insert(at / size * size + k);
      (i % 2 == 0 ? ranges : other).add(Ip::of_number(at, true), prefix);
    }
    IpRanges sum = ranges, rest = ranges;
    sum.add(other);
    rest.remove(other);
    for (unsigned n = 0; n < 512; ++n) {
      const Ip one = Ip::of_number(n, true);
      ASSERT_EQ(ranges.covers(one, 32), plain.contains(n));
      ASSERT_EQ(sum.covers(one, 32), plain.contains(n) || plain_other.contains(n));
      ASSERT_EQ(rest.covers(one, 32), plain.contains(n) && !plain_other.contains(n));
    }
    const auto list = sum.list();
    for (std::size_t i = 1; i < list.size(); ++i) ASSERT_GT(list[i].first.number(), list[i - 1].last.number() + 1);
  }
}

}  // namespace
}  // namespace chappe::trust
