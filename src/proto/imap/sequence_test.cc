#include "proto/imap/sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chappe::proto::imap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SequenceSet parse(ByteView text) {
  auto set = SequenceSet::parse(text, 100);
  EXPECT_TRUE(set) << text;
  return set.value_or(SequenceSet());
}

TEST(SequenceSet, ResolvesAsTheRfcShows) {
  // RFC 9051 §9 sequence-set: the two examples of its comment.
  EXPECT_THAT(parse("2,4:7,9,12:*").resolve(15), ElementsAre(Range{2, 2}, Range{4, 7}, Range{9, 9}, Range{12, 15}));
  EXPECT_THAT(parse("*:4,5:7").resolve(10), ElementsAre(Range{4, 10}));
  // seq-range: either order, and a star below the other end.
  EXPECT_THAT(parse("4:2").resolve(9), ElementsAre(Range{2, 4}));
  EXPECT_THAT(parse("3291:*").resolve(10), ElementsAre(Range{10, 3291}));
  EXPECT_THAT(parse("*").resolve(7), ElementsAre(Range{7, 7}));
}

TEST(SequenceSet, JoinsWhatTouches) {
  EXPECT_THAT(parse("5,1:2,3,4:4,9").resolve(20), ElementsAre(Range{1, 5}, Range{9, 9}));
  EXPECT_THAT(parse("1:4294967295,7").resolve(20), ElementsAre(Range{1, 0xffff'ffff}));
  EXPECT_THAT(parse("4294967295,4294967294").resolve(1), ElementsAre(Range{0xffff'fffe, 0xffff'ffff}));
}

TEST(SequenceSet, StarOfAnEmptyMailboxIsNothing) {
  EXPECT_THAT(parse("1:*").resolve(0), IsEmpty());
  EXPECT_THAT(parse("*,3").resolve(0), ElementsAre(Range{3, 3}));
  EXPECT_TRUE(parse("1:*").has_star());
  EXPECT_EQ(parse("1:*,8:5").largest(), 8u);
}

TEST(SequenceSet, RefusesWhatIsNone) {
  for (const ByteView bad : {"", "0", "1:", ":1", "1,", ",1", "1,,2", "a", "1:2:3", "-1", "4294967296", "01", "1 ",
                             "1:0", "$,1", "1,$", "**", "99999999999999999999"}) {
    const auto set = SequenceSet::parse(bad, 100);
    ASSERT_FALSE(set) << bad;
    EXPECT_EQ(set.error().code(), Errc::invalid) << bad;
  }
  EXPECT_TRUE(parse("$").is_saved_result());
}

TEST(SequenceSet, IsBounded) {
  EXPECT_TRUE(SequenceSet::parse("1,2,3", 3));
  const auto more = SequenceSet::parse("1,2,3,4", 3);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Errc::too_large);
}

TEST(Ranges, HoldAndWrite) {
  const std::vector<Range> ranges = {{2, 4}, {7, 7}, {10, 20}};
  for (const std::uint32_t in : {2u, 3u, 4u, 7u, 10u, 20u}) EXPECT_TRUE(contains(ranges, in)) << in;
  for (const std::uint32_t out : {0u, 1u, 5u, 6u, 8u, 21u}) EXPECT_FALSE(contains(ranges, out)) << out;
  Bytes text;
  write_ranges(text, ranges);
  EXPECT_EQ(text, "2:4,7,10:20");
  const std::vector<std::uint32_t> numbers = {1, 2, 3, 5, 8, 9};
  EXPECT_THAT(to_ranges(numbers), ElementsAre(Range{1, 3}, Range{5, 5}, Range{8, 9}));
}

}  // namespace
}  // namespace chappe::proto::imap
