#include "store/flipped_bit.h"

namespace chappe::store {
namespace {
constexpr std::uint32_t kPolynomial = 0x82f63b78;        // reflected, as in crc32c.cc
constexpr std::uint64_t kMost = std::uint64_t{1} << 29;  // octets: behind 2^32 bits, places look like earlier ones
}  // namespace

std::optional<FlippedBit> find_flipped_bit(std::uint64_t size, std::uint32_t sum, std::uint32_t expected) {
  if (size > kMost) return std::nullopt;
  const std::uint32_t difference = sum ^ expected;
  std::uint32_t of_this_bit = kPolynomial;  // the last bit of the last octet
  for (std::uint64_t behind = 0; behind < 8 * size; ++behind) {
    if (of_this_bit == difference)
      return FlippedBit{size - 1 - behind / 8, static_cast<unsigned char>(0x80 >> behind % 8)};
    of_this_bit = of_this_bit & 1 ? of_this_bit >> 1 ^ kPolynomial : of_this_bit >> 1;
  }
  return std::nullopt;
}

}  // namespace chappe::store
