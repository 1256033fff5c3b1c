// The times of signatures as text: YYYYMMDDHHmmSS in UTC, or seconds since 1970 (RFC 4034 §3.2). They are 32 bits and
// meant within 68 years of now; as text they are written in the era 1970 to 2106.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chappe::dns {

std::string calendar_text(std::uint32_t seconds);
std::optional<std::uint32_t> parse_calendar(std::string_view text);

}  // namespace chappe::dns
