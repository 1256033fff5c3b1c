#include "store/record.h"

#include <gtest/gtest.h>

#include <limits>

namespace chappe::store {
namespace {

TEST(Record, ReadsBack) {
  const auto max = std::numeric_limits<std::uint64_t>::max();
  const auto low = std::numeric_limits<std::int64_t>::min();
  const Bytes bytes = RecordWriter(2)
                          .number(0)
                          .number(127)
                          .number(128)
                          .number(max)
                          .signed_number(-1)
                          .signed_number(low)
                          .signed_number(1'700'000'000'000'000)
                          .text("text")
                          .text("")
                          .octets("1234")
                          .u8(9)
                          .take();
  RecordReader r(bytes, 2);
  EXPECT_EQ(r.version(), 2);
  EXPECT_EQ(r.number(), 0u);
  EXPECT_EQ(r.number(), 127u);
  EXPECT_EQ(r.number(), 128u);
  EXPECT_EQ(r.number(), max);
  EXPECT_EQ(r.signed_number(), -1);
  EXPECT_EQ(r.signed_number(), low);
  EXPECT_EQ(r.signed_number(), 1'700'000'000'000'000);
  EXPECT_EQ(r.text(), "text");
  EXPECT_EQ(r.text(), "");
  EXPECT_EQ(r.octets(4), "1234");
  EXPECT_EQ(r.u8(), 9);
  EXPECT_TRUE(r.finish("a test"));
}

TEST(Record, EveryPrefixIsCorrupt) {
  const Bytes bytes = RecordWriter(1).number(300).text("text").octets("1234").take();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    RecordReader r(ByteView(bytes).substr(0, n), 1);
    r.number();
    r.text();
    r.octets(4);
    EXPECT_EQ(r.finish("a test").error().code(), Errc::corrupt) << n;
  }
}

TEST(Record, TooMuchIsCorruptToo) {
  const Bytes left_over_bytes("\x01\x05x", 3);
  RecordReader left_over(left_over_bytes, 1);
  left_over.number();
  EXPECT_EQ(left_over.finish("a test").error().code(), Errc::corrupt);
  // A number of more than 64 bits, and one that does not fit its field.
  const Bytes wide_bytes("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11);
  RecordReader wide(wide_bytes, 1);
  EXPECT_EQ(wide.number(), 0u);
  EXPECT_FALSE(wide.ok());
  const Bytes big = RecordWriter(1).number(1ull << 32).take();
  RecordReader narrow(big, 1);
  EXPECT_EQ(narrow.number32(), 0u);
  EXPECT_FALSE(narrow.ok());
}

TEST(Record, NewerVersionsAreUnsupported) {
  EXPECT_EQ(RecordReader("\x03 whatever", 2).finish("a test").error().code(), Errc::unsupported);
  EXPECT_EQ(RecordReader(Bytes(1, '\0'), 2).finish("a test").error().code(), Errc::corrupt);
}

}  // namespace
}  // namespace chappe::store
