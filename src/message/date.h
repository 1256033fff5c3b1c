// Dates of header fields (RFC 5322 §3.3, obsolete forms of §4.3, and what old mailers write). Pure; linear; never
// fails.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace chappe::message {

struct Date {
  Time time;               // UTC
  int offset_minutes = 0;  // of the zone it was written in; east is positive
  bool zone_known = true;  // false for "-0000", military letters and unknown names, all taken as UTC (RFC 5322 §4.3)
  bool exact = true;       // false when something had to be guessed or forgiven

  bool operator==(const Date&) const = default;
};

// Nothing when there is no day, month and year that exist, or the time of day is none.
std::optional<Date> parse_date(ByteView value);

// "Sat, 21 Nov 2026 18:46:00 +0100", as RFC 5322 §3.3 writes it. Years outside 1900..9999 are clamped.
std::string format_date(Time time, int offset_minutes = 0);

}  // namespace chappe::message
