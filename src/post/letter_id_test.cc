#include "post/letter_id.h"

#include <gtest/gtest.h>

namespace chappe::post {
namespace {

TEST(LetterId, AscendsWhateverTheClockDoes) {
  ManualClock clock;
  SeededRandom random(1);
  LetterIds ids(clock, random);
  LetterId last = ids.next();
  for (int i = 0; i < 70'000; ++i) {  // more than 16 bits can count within a millisecond
    const LetterId id = ids.next();
    ASSERT_GT(id, last);
    last = id;
  }
  clock.jump({clock.now().us - 10'000'000});
  EXPECT_GT(ids.next(), last);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(ids.next().time().us / 1000, clock.now().us / 1000);
}

TEST(LetterId, TheFirstOfATimeIsNotAboveAnyOfThen) {
  ManualClock clock;
  SeededRandom random(1);
  LetterIds ids(clock, random);
  const LetterId before = ids.next();
  clock.advance(std::chrono::seconds(1));
  const LetterId first = LetterId::first_at(clock.now());
  EXPECT_LT(before, first);
  EXPECT_LT(first, ids.next());
  EXPECT_EQ(LetterId::first_at({-5}), LetterId());
}

TEST(LetterId, TextSortsAndReadsBack) {
  SeededRandom random(2);
  LetterId before;
  for (int i = 0; i < 500; ++i) {
    LetterId id;
    random.fill(id.octets);
    const std::string text = id.text();
    ASSERT_EQ(text.size(), LetterId::kTextSize);
    ASSERT_EQ(LetterId::parse(text), id);
    ASSERT_EQ(id < before, text < before.text());
    before = id;
  }
}

TEST(LetterId, TextForms) {
  EXPECT_EQ(LetterId().text(), std::string(26, '0'));
  LetterId ones;
  ones.octets.fill('\xff');
  EXPECT_EQ(ones.text(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  LetterId one;
  one.octets[15] = 1;
  EXPECT_EQ(LetterId::parse("oooooooooooooooooooooooooI"), one);
  EXPECT_EQ(LetterId::parse("OOOOOOOOOOOOOOOOOOOOOOOOOl"), one);
  EXPECT_EQ(LetterId::parse("8ZZZZZZZZZZZZZZZZZZZZZZZZZ"), std::nullopt);  // more than 128 bits
  EXPECT_EQ(LetterId::parse("0000000000000000000000000U"), std::nullopt);
  EXPECT_EQ(LetterId::parse("0000000000000000000000000"), std::nullopt);
  EXPECT_EQ(LetterId::parse(""), std::nullopt);
}

}  // namespace
}  // namespace chappe::post
