#include "post/letter_id.h"

#include <algorithm>

#include "base/text.h"

namespace chappe::post {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32

int digit(char c) {
  c = upper(c);
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const auto at = kDigits.find(c);
  return at == kDigits.npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string LetterId::text() const {
  // 26 digits are 130 bits: two zero bits, then the 128 of the id.
  std::string out(kTextSize, '0');
  for (std::size_t i = 0; i < kTextSize; ++i) {
    int v = 0;
    for (std::size_t bit = 5 * i; bit < 5 * i + 5; ++bit) {
      v <<= 1;
      if (bit >= 2) v |= static_cast<unsigned char>(octets[(bit - 2) / 8]) >> (7 - (bit - 2) % 8) & 1;
    }
    out[i] = kDigits[static_cast<std::size_t>(v)];
  }
  return out;
}

std::optional<LetterId> LetterId::parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  LetterId id;
  for (std::size_t i = 0; i < kTextSize; ++i) {
    const int v = digit(text[i]);
    if (v < 0 || (i == 0 && v > 7)) return std::nullopt;
    for (std::size_t bit = 5 * i; bit < 5 * i + 5; ++bit)
      if (bit >= 2 && (v >> (5 * i + 4 - bit) & 1)) {
        char& octet = id.octets[(bit - 2) / 8];
        octet = static_cast<char>(octet | 1 << (7 - (bit - 2) % 8));
      }
  }
  return id;
}

Time LetterId::time() const {
  std::int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | static_cast<unsigned char>(octets[static_cast<std::size_t>(i)]);
  return {ms * 1000};
}

LetterId LetterId::first_at(Time time) {
  LetterId id;
  std::uint64_t ms = static_cast<std::uint64_t>(std::max<std::int64_t>(time.us / 1000, 0));
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.octets[i] = static_cast<char>(ms & 0xff);
  return id;
}

LetterId LetterIds::next() {
  const std::uint64_t now = static_cast<std::uint64_t>(clock_.now().us / 1000) << 16;
  std::uint64_t high;
  {
    std::lock_guard lock(mutex_);
    // A full count, or a clock that went back, runs into the time that follows: the order holds.
    high = last_ = now > last_ ? now : last_ + 1;
  }
  LetterId id;
  random_.fill(std::span(id.octets).subspan(8));
  for (std::size_t i = 0; i < 8; ++i) id.octets[i] = static_cast<char>(high >> (56 - 8 * i));
  return id;
}

}  // namespace chappe::post
