#include "agents/door/pace.h"

#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

net::Task<void> steps(ManualClock* clock, int n, Duration each) {
  Pace pace(*clock);
  for (int i = 0; i < n; ++i) {
    co_await pace;
    clock->advance(each);
  }
}

net::Task<void> count(int* turns, const bool* done) {
  while (!*done) {
    ++*turns;
    co_await net::yield();
  }
}

net::Task<void> both(ManualClock* clock, int* turns, Duration each) {
  net::Scope scope;
  bool done = false;
  scope.spawn(count(turns, &done));
  co_await steps(clock, 100, each);
  done = true;
  co_await scope.join();
}

int turns_of_others(Duration each) {
  ManualClock clock;
  net::LocalExecutor executor(clock);
  int turns = 0;
  executor.run(both(&clock, &turns, each));
  return turns;
}

TEST(Pace, OthersRunOnceAShareOfTimeIsUsed) {
  EXPECT_EQ(turns_of_others(Pace::kTurn / 1000), 1) << "quick steps are not interrupted";
  EXPECT_GE(turns_of_others(Pace::kTurn / 2), 49);
  EXPECT_GE(turns_of_others(Pace::kTurn * 2), 99);
}

}  // namespace
}  // namespace chappe::agents
