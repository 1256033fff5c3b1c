#include "dns/base32.h"

#include "base/text.h"

namespace chappe::dns {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";

}  // namespace

std::string base32hex_encode(ByteView bytes) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) out += kDigits[held >> (bits - 5) & 31];
    held &= (1u << bits) - 1;
  }
  if (bits) out += kDigits[held << (5 - bits) & 31];
  return out;
}

std::optional<Bytes> base32hex_decode(std::string_view text) {
  Bytes out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(lower(c));
    if (digit == kDigits.npos) return std::nullopt;
    held = held << 5 | static_cast<unsigned>(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits);
    held &= (1u << bits) - 1;
  }
  if (bits >= 5 || held) return std::nullopt;
  return out;
}

}  // namespace chappe::dns
