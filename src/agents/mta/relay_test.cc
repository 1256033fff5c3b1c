#include "agents/mta/relay.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace chappe::agents {
namespace {

TEST(Relay, TriesSoonAtFirstAndThenHourly) {
  EXPECT_EQ(retry_after(0), 1min);
  EXPECT_EQ(retry_after(1), 1min);
  EXPECT_EQ(retry_after(2), 5min);
  EXPECT_EQ(retry_after(4), 30min);
  EXPECT_EQ(retry_after(5), 1h);
  EXPECT_EQ(retry_after(1'000'000), 1h);
}

}  // namespace
}  // namespace chappe::agents
