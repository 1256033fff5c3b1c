#include "base/text.h"

#include <fmt/core.h>

namespace chappe {

std::string printable(std::string_view s, std::size_t limit) {
  std::string out;
  const bool cut = s.size() > limit;
  for (char c : s.substr(0, limit)) {
    if (c == '\\') {
      out += "\\\\";
    } else if (is_ctl(c) || is_8bit(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  if (cut) out += "…";
  return out;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace chappe
