#include "agents/milter/address.h"

#include <gtest/gtest.h>

#include "agents/milter/breaker.h"

namespace chappe::agents::milter {
namespace {

using namespace std::chrono_literals;

std::string read(std::string_view text) {
  const auto address = Address::parse(text);
  if (!address) return std::string(error_row(address.error().code()).name);
  std::string out = address->path;
  for (const auto& endpoint : address->endpoints) out += endpoint.describe() + " ";
  return out;
}

TEST(MilterAddress, Reads) {
  EXPECT_EQ(read("inet:127.0.0.1:8891"), "127.0.0.1:8891 ");
  EXPECT_EQ(read("inet:[::1]:8891"), "[::1]:8891 ");
  EXPECT_EQ(read("inet:localhost:8891"), "127.0.0.1:8891 [::1]:8891 ");
  EXPECT_EQ(read("unix:/run/a b/m.sock"), "/run/a b/m.sock");
  for (const char* bad : {"", "inet:", "inet:127.0.0.1", "inet:127.0.0.1:", "inet:127.0.0.1:0", "inet:127.0.0.1:70000",
                          "inet:127.0.0.1:x", "inet::8891", "inet:mail.example.org:8891", "unix:", "unix:m.sock",
                          "127.0.0.1:8891", "tcp:127.0.0.1:8891"})
    EXPECT_EQ(read(bad), "config") << bad;
}

TEST(MilterBreaker, LeavesAloneAndTriesAgain) {
  ManualClock clock;
  Breaker breaker({.failures = 2, .pause = 10s});
  EXPECT_TRUE(breaker.may_try(clock.steady()));
  EXPECT_FALSE(breaker.failed(clock.steady()));
  EXPECT_FALSE(breaker.succeeded()) << "it was not left alone";
  EXPECT_FALSE(breaker.failed(clock.steady())) << "not in a row";
  EXPECT_TRUE(breaker.failed(clock.steady()));
  EXPECT_FALSE(breaker.failed(clock.steady())) << "told once";
  EXPECT_FALSE(breaker.may_try(clock.steady()));
  clock.advance(10s);
  EXPECT_TRUE(breaker.may_try(clock.steady()));
  EXPECT_FALSE(breaker.may_try(clock.steady())) << "one at a time";
  EXPECT_FALSE(breaker.failed(clock.steady()));
  clock.advance(9s);
  EXPECT_FALSE(breaker.may_try(clock.steady()));
  clock.advance(1s);
  EXPECT_TRUE(breaker.may_try(clock.steady()));
  EXPECT_TRUE(breaker.succeeded());
  EXPECT_TRUE(breaker.may_try(clock.steady()));
  EXPECT_TRUE(breaker.may_try(clock.steady()));
}

}  // namespace
}  // namespace chappe::agents::milter
