#include "agents/mta/schedule.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace chappe::agents::mta {
namespace {

TEST(Schedule, TriesSoonAtFirstAndThenHourly) {
  SeededRandom random(1);
  const auto after = [&random](std::uint32_t attempts, Duration step) {
    const Duration wait = retry_after(attempts, random);
    return wait >= step && wait <= step + step / 10;
  };
  EXPECT_TRUE(after(0, 1min));
  EXPECT_TRUE(after(1, 1min));
  EXPECT_TRUE(after(2, 5min));
  EXPECT_TRUE(after(4, 30min));
  EXPECT_TRUE(after(5, 1h));
  EXPECT_TRUE(after(1'000'000, 1h));
}

TEST(Schedule, WhatAReplyMeans) {
  using proto::smtp::Reply;
  EXPECT_EQ(outcome_of(Reply(250, "2.0.0", "")), Outcome::delivered);
  EXPECT_EQ(outcome_of(Reply(451, "4.7.1", "")), Outcome::later);
  EXPECT_EQ(outcome_of(Reply(550, "5.1.1", "")), Outcome::never);
  EXPECT_EQ(outcome_of(Reply(354, "", "")), Outcome::later) << "no answer to this at all";
}

}  // namespace
}  // namespace chappe::agents::mta
