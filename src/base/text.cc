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

}  // namespace chappe
