#include "base/clock.h"

#include <fmt/core.h>

#include <ctime>

#include "base/text.h"

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

std::optional<Time> from_rfc3339(std::string_view text) {
  // "2026-11-21", "T18:32:39", ".123456", "Z"
  const auto number = [&text](std::size_t from, std::size_t digits) {
    return to_number<int>(text.substr(from, digits));
  };
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  Time out{std::chrono::duration_cast<Duration>(std::chrono::sys_days(date).time_since_epoch()).count()};
  if (text.size() == 10) return out;
  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text.back() != 'Z')
    return std::nullopt;
  const auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  out.us += ((*hour * 60LL + *minute) * 60 + *second) * 1'000'000;
  std::string_view fraction = text.substr(19, text.size() - 20);
  if (fraction.empty()) return out;
  if (fraction.front() != '.' || fraction.size() < 2 || fraction.size() > 7) return std::nullopt;
  fraction.remove_prefix(1);
  auto us = to_number<std::int64_t>(fraction);
  if (!us) return std::nullopt;
  for (std::size_t i = fraction.size(); i < 6; ++i) *us *= 10;
  out.us += *us;
  return out;
}

}  // namespace chappe
