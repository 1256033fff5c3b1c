// Time comes through an interface, so that a test can set it. Two times: the wall clock, which people read and which
// may jump, and the steady one, which deadlines are measured on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chappe {

using Duration = std::chrono::microseconds;
using Steady = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// Microseconds since 1970-01-01T00:00:00Z; the only form of time that is stored.
struct Time {
  std::int64_t us = 0;
  auto operator<=>(const Time&) const = default;
  Time operator+(Duration d) const { return {us + d.count()}; }
  Duration operator-(Time o) const { return Duration(us - o.us); }
};

// "2026-11-21T18:32:39.123456Z" (RFC 3339)
std::string to_rfc3339(Time t);
// The same back; a fraction may be left out, and so may the time of day (then it is midnight). UTC only: "Z" at the
// end.
std::optional<Time> from_rfc3339(std::string_view text);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Steady steady() const = 0;
};

// The machine's own clocks; lives for ever, safe from any thread.
Clock& system_clock();

// A clock that stands still until it is told to move; the two times move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = {1'700'000'000'000'000}) : now_(start) {}
  Time now() const override { return now_; }
  Steady steady() const override { return steady_; }
  void advance(Duration d) {
    now_.us += d.count();
    steady_ += d;
  }
  // The wall clock jumps (an operator, NTP); the steady one does not.
  void jump(Time to) { now_ = to; }

 private:
  Time now_;
  Steady steady_{Duration(1'000'000)};
};

}  // namespace chappe
