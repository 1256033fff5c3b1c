#include "codec/utf7.h"

#include <cstdint>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::codec {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool direct(char32_t c) { return c >= 0x20 && c <= 0x7e; }

}  // namespace

std::optional<std::string> utf7_encode(ByteView utf8) {
  if (!utf8_valid(utf8)) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  bool shifted = false;
  const auto unit = [&](std::uint32_t u) {
    bits = bits << 16 | u;
    for (count += 16; count >= 6; count -= 6) out += kAlphabet[bits >> (count - 6) & 63];
    bits &= 63;
  };
  const auto unshift = [&] {
    if (!shifted) return;
    if (count > 0) out += kAlphabet[bits << (6 - count) & 63];
    out += '-';
    shifted = false;
    bits = 0;
    count = 0;
  };
  while (!utf8.empty()) {
    const char32_t c = take_utf8(utf8);
    if (direct(c)) {
      unshift();
      out += static_cast<char>(c);
      if (c == '&') out += '-';
      continue;
    }
    if (!shifted) out += '&';
    shifted = true;
    if (c >= 0x10000) {
      unit(0xd800 + (c - 0x10000) / 0x400);
      unit(0xdc00 + (c - 0x10000) % 0x400);
    } else {
      unit(c);
    }
  }
  unshift();
  return out;
}

std::optional<std::string> utf7_decode(ByteView name) {
  std::string out;
  bool after_shift = false;  // a base64 run has just ended; another one at once would be superfluous
  for (std::size_t i = 0; i < name.size();) {
    const char c = name[i];
    if (is_ctl(c) || is_8bit(c)) return std::nullopt;
    if (c != '&') {
      out += c;
      after_shift = false;
      ++i;
      continue;
    }
    const std::size_t end = name.find('-', ++i);
    if (end == ByteView::npos) return std::nullopt;
    if (end == i) {
      out += '&';
      after_shift = false;
      ++i;
      continue;
    }
    if (after_shift) return std::nullopt;
    std::uint32_t bits = 0;
    int count = 0;
    char32_t high = 0;
    for (; i < end; ++i) {
      const auto v = kAlphabet.find(name[i]);
      if (v == std::string_view::npos) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(v);
      count += 6;
      if (count < 16) continue;
      count -= 16;
      const char32_t u = bits >> count & 0xffff;
      bits &= (1U << count) - 1;
      if (high != 0) {
        if (u < 0xdc00 || u > 0xdfff) return std::nullopt;
        append_utf8(out, 0x10000 + (high - 0xd800) * 0x400 + (u - 0xdc00));
        high = 0;
      } else if (u >= 0xd800 && u <= 0xdbff) {
        high = u;
      } else if ((u >= 0xdc00 && u <= 0xdfff) || direct(u)) {
        return std::nullopt;
      } else {
        append_utf8(out, u);
      }
    }
    if (high != 0 || count >= 6 || bits != 0) return std::nullopt;
    after_shift = true;
    ++i;
  }
  return out;
}

}  // namespace chappe::codec
