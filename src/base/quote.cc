#include "base/quote.h"

#include "base/text.h"

namespace chappe {
namespace {

bool between(std::string_view s, std::size_t at, unsigned char low, unsigned char high) {
  if (at >= s.size()) return false;
  const auto c = static_cast<unsigned char>(s[at]);
  return c >= low && c <= high;
}

void append_unicode_escape(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u00";
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_unicode_escape(out, static_cast<unsigned char>(c));
  }
}

// The length, 1 to 4, of the well-formed UTF-8 sequence that `s` begins with (Unicode 15 table 3-7: no overlong form,
// no surrogate, nothing above U+10FFFF); 0 when there is none.
std::size_t utf8_sequence(std::string_view s) {
  if (s.empty()) return 0;
  const auto lead = static_cast<unsigned char>(s[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return between(s, 1, 0x80, 0xbf) ? 2 : 0;
  const bool tail = between(s, 2, 0x80, 0xbf);
  if (lead < 0xf0) {
    const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : 0xbf;
    return between(s, 1, low, high) && tail ? 3 : 0;
  }
  const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;
  return between(s, 1, low, high) && tail && between(s, 3, 0x80, 0xbf) ? 4 : 0;
}

}  // namespace

void append_quoted(std::string& out, std::string_view s) {
  out += '"';
  std::size_t plain = 0;  // bytes of `s` that wait to be copied as they are
  const auto take_plain = [&] {
    out.append(s.substr(0, plain));
    s.remove_prefix(plain);
    plain = 0;
  };
  while (plain < s.size()) {
    const char c = s[plain];
    if (!is_8bit(c)) {
      if (!is_ctl(c) && c != '"' && c != '\\') {
        ++plain;
        continue;
      }
      take_plain();
      append_escaped(out, c);
      s.remove_prefix(1);
      continue;
    }
    const std::size_t length = utf8_sequence(s.substr(plain));
    const bool c1 = length == 2 && c == '\xc2' && static_cast<unsigned char>(s[plain + 1]) < 0xa0;
    if (length > 0 && !c1) {
      plain += length;
      continue;
    }
    take_plain();
    if (c1) {
      append_unicode_escape(out, static_cast<unsigned char>(s[1]));
      s.remove_prefix(2);
    } else {
      out += "\xef\xbf\xbd";  // U+FFFD
      s.remove_prefix(1);
    }
  }
  take_plain();
  out += '"';
}

}  // namespace chappe
