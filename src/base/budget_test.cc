#include "base/budget.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace chappe {
namespace {

Budget::Limits of_100() {
  Budget::Limits limits;
  limits.fill(100);
  return limits;
}

TEST(Budget, ReservesUpToThePartAndGivesBack) {
  Budget budget(of_100());
  std::optional<Result<Lease>> most = budget.reserve(Part::in_flight, 90);
  ASSERT_TRUE(*most);
  EXPECT_EQ(budget.reserve(Part::in_flight, 11).error().code(), Errc::busy);
  EXPECT_TRUE(budget.reserve(Part::mailboxes, 11)) << "parts do not share";
  EXPECT_FALSE(budget.over(Part::in_flight));
  const auto rest = budget.reserve(Part::in_flight, 10);
  ASSERT_TRUE(rest);
  EXPECT_TRUE(budget.over(Part::in_flight));
  most.reset();
  EXPECT_EQ(budget.used(Part::in_flight), 10u);
  EXPECT_EQ(budget.reserve(Part::in_flight, 101).error().code(), Errc::too_large);
  EXPECT_EQ(budget.used(Part::mailboxes), 0u);
}

TEST(Budget, WhatIsAlreadyThereIsAlwaysAccountedFor) {
  Budget budget(of_100());
  Lease lease = budget.take(Part::in_flight, 150);
  EXPECT_TRUE(budget.over(Part::in_flight));
  EXPECT_EQ(budget.reserve(Part::in_flight, 1).error().code(), Errc::busy);
  lease.resize(99);
  EXPECT_FALSE(budget.over(Part::in_flight));
  lease.resize(200);
  EXPECT_EQ(budget.used(Part::in_flight), 200u);
}

TEST(Budget, ALeaseMovesAndGivesBackOnce) {
  Budget budget(of_100());
  {
    Lease a = budget.take(Part::dns, 30);
    Lease b = std::move(a);
    Lease c = budget.take(Part::dns, 20);
    c = std::move(b);
    EXPECT_EQ(c.bytes(), 30u);
    Lease none;
    none.resize(5);
    EXPECT_EQ(none.bytes(), 0u);
  }
  EXPECT_EQ(budget.used(Part::dns), 0u);
}

TEST(Budget, ManyThreadsNeverReserveMoreThanThereIs) {
  Budget budget(of_100());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i)
        if (const auto lease = budget.reserve(Part::mailboxes, 40)) EXPECT_LE(budget.used(Part::mailboxes), 100u);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(budget.used(Part::mailboxes), 0u);
}

}  // namespace
}  // namespace chappe
