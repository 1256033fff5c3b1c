#include "dns/calendar.h"

#include <fmt/core.h>

#include <chrono>

#include "base/text.h"

namespace chappe::dns {

using namespace std::chrono;

std::string calendar_text(std::uint32_t seconds_since_1970) {
  const sys_seconds at{seconds(seconds_since_1970)};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<std::uint32_t> parse_calendar(std::string_view text) {
  if (text.size() != 14) return to_number<std::uint32_t>(text);
  const auto part = [&](std::size_t at, std::size_t n) { return to_number<unsigned>(text.substr(at, n)); };
  const auto y = part(0, 4), mo = part(4, 2), d = part(6, 2), h = part(8, 2), mi = part(10, 2), s = part(12, 2);
  if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
  const year_month_day date(year(static_cast<int>(*y)), month(*mo), day(*d));
  if (!date.ok()) return std::nullopt;
  const auto total = (sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s)).time_since_epoch().count();
  if (total < 0 || total > 0xffffffff) return std::nullopt;
  return static_cast<std::uint32_t>(total);
}

}  // namespace chappe::dns
