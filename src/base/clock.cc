#include "base/clock.h"

#include <fmt/core.h>

#include <ctime>

namespace chappe {
namespace {

class SystemClock final : public Clock {
 public:
  Time now() const override {
    return {std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count()};
  }
  Steady steady() const override { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string to_rfc3339(Time t) {
  std::int64_t seconds = t.us / 1'000'000, us = t.us % 1'000'000;
  if (us < 0) --seconds, us += 1'000'000;
  const auto time = static_cast<std::time_t>(seconds);
  std::tm tm{};
  gmtime_r(&time, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec, us);
}

}  // namespace chappe
