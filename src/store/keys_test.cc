#include "store/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/random.h"

namespace chappe::store {
namespace {

using Tuple = std::tuple<std::uint32_t, Bytes, std::uint64_t>;

Bytes encode(const Tuple& t) {
  return KeyWriter(std::get<0>(t), Space::message).text(std::get<1>(t)).u64(std::get<2>(t)).take();
}

TEST(Keys, OrderOfBytesIsOrderOfTuples) {
  SeededRandom random(1);
  std::vector<Tuple> tuples;
  for (int i = 0; i < 400; ++i) {
    Bytes text;
    for (auto n = random.below(4); n > 0; --n)
      text.push_back(
          "\0\x01\xff"
          "ab"[random.below(5)]);
    tuples.emplace_back(random.below(3), text, random.below(2) ? random.below(300) : random.u64());
  }
  for (const Tuple& a : tuples)
    for (const Tuple& b : tuples) ASSERT_EQ(a < b, encode(a) < encode(b));
}

TEST(Keys, ReadBack) {
  const Bytes text("a\0b\xff\0\0\x01", 7);
  const Bytes key = KeyWriter(7, Space::change).u8(200).text(text).u64(1ull << 63).rest("tail").take();
  KeyReader r(key);
  ASSERT_TRUE(r.expect(7, Space::change));
  EXPECT_EQ(r.u8().value(), 200);
  EXPECT_EQ(r.text().value(), text);
  EXPECT_EQ(r.u64().value(), 1ull << 63);
  EXPECT_EQ(r.octets(2).value(), "ta");
  EXPECT_EQ(r.rest(), "il");
  EXPECT_TRUE(r.done());
}

TEST(Keys, BadBytesAreCorrupt) {
  EXPECT_EQ(KeyReader("abc").u32().error().code(), Errc::corrupt);
  EXPECT_EQ(KeyReader(Bytes("ab\0", 3)).text().error().code(), Errc::corrupt);
  EXPECT_EQ(KeyReader(Bytes("ab\0\x02", 4)).text().error().code(), Errc::corrupt);
  EXPECT_EQ(KeyReader("ab").text().error().code(), Errc::corrupt);
  EXPECT_EQ(KeyReader("ab").octets(3).error().code(), Errc::corrupt);
  const Bytes key = KeyWriter(7, Space::change).take();
  EXPECT_EQ(KeyReader(key).expect(8, Space::change).error().code(), Errc::corrupt);
  EXPECT_EQ(KeyReader(key).expect(7, Space::message).error().code(), Errc::corrupt);
}

TEST(Keys, PrefixRanges) {
  const Range r = Range::prefix("ab");
  EXPECT_TRUE(r.contains("ab"));
  EXPECT_TRUE(r.contains("ab\xff\xff"));
  EXPECT_FALSE(r.contains("ac"));
  EXPECT_FALSE(r.contains("aa\xff"));
  const Range high = Range::prefix("a\xff\xff");
  EXPECT_TRUE(high.contains("a\xff\xff\xff"));
  EXPECT_FALSE(high.contains("b"));
  const Range top = Range::prefix("\xff");
  EXPECT_TRUE(top.contains("\xff\xff\xff"));
  EXPECT_TRUE(Range::prefix("").contains("anything"));
  // "a" as a text element is no prefix of "ab".
  const Range text = KeyWriter().text("a").range();
  EXPECT_FALSE(text.contains(KeyWriter().text("ab").bytes()));
  EXPECT_FALSE(text.contains(KeyWriter().text(Bytes("a\0", 2)).bytes()));
}

}  // namespace
}  // namespace chappe::store
