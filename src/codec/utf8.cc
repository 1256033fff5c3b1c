#include "codec/utf8.h"

#include <cstdint>
#include <cstring>

namespace chappe::codec {
namespace {

unsigned char octet(ByteView s, std::size_t i) { return static_cast<unsigned char>(s[i]); }

// What stands at `i`, which is not ASCII: its length if well-formed, else minus the length of the maximal ill-formed
// part (Unicode 15, table 3-7).
int sequence(ByteView s, std::size_t i) {
  const unsigned char lead = octet(s, i);
  int length = 0;
  unsigned char low = 0x80, high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;   // overlong
    if (lead == 0xed) high = 0x9f;  // surrogates
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;   // overlong
    if (lead == 0xf4) high = 0x8f;  // above U+10FFFF
  } else {
    return -1;
  }
  for (int k = 1; k < length; ++k) {
    if (i + k >= s.size()) return -k;
    const unsigned char c = octet(s, i + k);
    if (c < low || c > high) return -k;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

std::size_t ascii_prefix(ByteView s, std::size_t i) {
  while (i + 8 <= s.size()) {
    std::uint64_t word;
    std::memcpy(&word, s.data() + i, 8);
    if (word & 0x8080808080808080ULL) break;
    i += 8;
  }
  while (i < s.size() && octet(s, i) < 0x80) ++i;
  return i;
}

}  // namespace

bool is_ascii(ByteView bytes) { return ascii_prefix(bytes, 0) == bytes.size(); }

std::size_t utf8_valid_prefix(ByteView bytes) {
  std::size_t i = 0;
  for (;;) {
    i = ascii_prefix(bytes, i);
    if (i == bytes.size()) return i;
    const int n = sequence(bytes, i);
    if (n < 0) return i;
    i += static_cast<std::size_t>(n);
  }
}

bool utf8_valid(ByteView bytes) { return utf8_valid_prefix(bytes) == bytes.size(); }

std::string utf8_repair(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t good = utf8_valid_prefix(bytes);
    out.append(bytes.substr(0, good));
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    append_utf8(out, kReplacement);
    bytes.remove_prefix(static_cast<std::size_t>(-sequence(bytes, 0)));
  }
  return out;
}

ByteView utf8_cut(ByteView bytes, std::size_t limit) {
  if (bytes.size() <= limit) return bytes;
  std::size_t end = limit;
  for (int back = 0; back < 3 && end > 0 && (octet(bytes, end) & 0xc0) == 0x80; ++back) --end;
  return bytes.substr(0, end);
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t v) { out += static_cast<char>(v); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

char32_t take_utf8(ByteView& bytes) {
  const unsigned char lead = octet(bytes, 0);
  if (lead < 0x80) {
    bytes.remove_prefix(1);
    return lead;
  }
  const int n = sequence(bytes, 0);
  if (n < 0) {
    bytes.remove_prefix(static_cast<std::size_t>(-n));
    return kReplacement;
  }
  char32_t c = lead & (n == 2 ? 0x1f : n == 3 ? 0x0f : 0x07);
  for (int k = 1; k < n; ++k) c = c << 6 | (octet(bytes, static_cast<std::size_t>(k)) & 0x3f);
  bytes.remove_prefix(static_cast<std::size_t>(n));
  return c;
}

}  // namespace chappe::codec
