#include "agents/door/handshakes.h"

#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

using namespace std::chrono_literals;

constexpr Steady kNow{Duration(1'000'000'000)};

TEST(Handshakes, ABurstGoesAtOnceAndTheRestAtItsRate) {
  Handshakes budget(10);
  for (std::size_t i = 0; i < Handshakes::kBurst; ++i) EXPECT_EQ(budget.take("192.0.2.1", kNow), kNow);
  EXPECT_EQ(budget.take("192.0.2.1", kNow), kNow + 100ms);
  EXPECT_EQ(budget.take("192.0.2.1", kNow), kNow + 200ms);
  EXPECT_EQ(budget.take("192.0.2.2", kNow), kNow) << "another network does not wait";
}

TEST(Handshakes, AQuietNetworkGetsItsBurstBack) {
  Handshakes budget(10);
  for (std::size_t i = 0; i < Handshakes::kBurst + 50; ++i) budget.take("192.0.2.1", kNow);
  EXPECT_GT(budget.take("192.0.2.1", kNow + 1s), kNow + 1s);
  EXPECT_EQ(budget.take("192.0.2.1", kNow + 1min), kNow + 1min);
}

TEST(Handshakes, NoRateIsNoLimit) {
  Handshakes budget(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(budget.take("192.0.2.1", kNow), kNow);
}

TEST(Handshakes, RemembersABoundedNumberOfNetworksAndThoseThatOweMostLongest) {
  Handshakes budget(1);
  for (std::size_t i = 0; i < 2 * Handshakes::kBurst; ++i) budget.take("greedy", kNow);
  for (std::size_t i = 0; i < 3 * Handshakes::kNetworks; ++i) budget.take(std::to_string(i), kNow);
  EXPECT_GT(budget.take("greedy", kNow), kNow);
}

}  // namespace
}  // namespace chappe::agents
