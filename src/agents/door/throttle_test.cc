#include "agents/door/throttle.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace chappe::agents {
namespace {

TEST(Throttle, AnAccountMustWaitAndIsForgiven) {
  ManualClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(throttle.may_try("192.0.2.1", "bob@example.test")) << i;
    throttle.failed("192.0.2.1", "bob@example.test");
  }
  EXPECT_FALSE(throttle.may_try("192.0.2.1", "bob@example.test"));
  EXPECT_TRUE(throttle.may_try("192.0.2.2", "bob@example.test")) << "bob himself, elsewhere, is not locked out";
  EXPECT_TRUE(throttle.may_try("192.0.2.1", "alice@example.test"));
  clock.advance(Throttle::kHalfLife);
  EXPECT_TRUE(throttle.may_try("192.0.2.1", "bob@example.test"));
  throttle.succeeded("192.0.2.1", "bob@example.test");
  EXPECT_EQ(throttle.delay("192.0.2.1", "bob@example.test"), Duration(0));
}

TEST(Throttle, ANetworkThatTriesManyAccountsMustWait) {
  ManualClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 50; ++i) throttle.failed("192.0.2.1", "user" + std::to_string(i));
  EXPECT_FALSE(throttle.may_try("192.0.2.1", "another"));
}

TEST(Throttle, WhoIsNotKnownByNameCountsByNetwork) {
  ManualClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(throttle.may_try("192.0.2.1", "")) << i;
    throttle.failed("192.0.2.1", "");
  }
  EXPECT_FALSE(throttle.may_try("192.0.2.1", ""));
  EXPECT_TRUE(throttle.may_try("192.0.2.2", ""));
  EXPECT_EQ(throttle.delay("192.0.2.1", ""), 4s);
  clock.advance(Throttle::kHalfLife);
  EXPECT_TRUE(throttle.may_try("192.0.2.1", ""));
}

TEST(Throttle, DelaysGrowToALimit) {
  ManualClock clock;
  Throttle throttle(clock);
  Duration last(0);
  for (int i = 0; i < 5; ++i) {
    throttle.failed("n", "a");
    EXPECT_GT(throttle.delay("n", "a"), last);
    last = throttle.delay("n", "a");
  }
  for (int i = 0; i < 20; ++i) throttle.failed("n", "a");
  EXPECT_EQ(throttle.delay("n", "a"), 4s);
}

TEST(Throttle, ForgetsTheOldestWhenItIsFull) {
  ManualClock clock;
  Throttle throttle(clock);
  throttle.failed("first", "a");
  clock.advance(1s);
  // Each failure makes two entries.
  for (std::size_t i = 0; i < Throttle::kEntries / 2 - 1; ++i) throttle.failed("n" + std::to_string(i), "a");
  EXPECT_GT(throttle.delay("first", "a"), Duration(0));
  throttle.failed("n0", "a");  // known: no room is needed, and it is young again
  EXPECT_GT(throttle.delay("first", "a"), Duration(0));
  throttle.failed("another", "a");
  EXPECT_EQ(throttle.delay("first", "a"), Duration(0));
  EXPECT_GT(throttle.delay("n1", "a"), Duration(0)) << "only as many as must";
  throttle.failed("one more", "a");
  EXPECT_EQ(throttle.delay("n1", "a"), Duration(0));
  EXPECT_GT(throttle.delay("n0", "a"), Duration(0));
}

}  // namespace
}  // namespace chappe::agents
