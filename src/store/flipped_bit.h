// Finds the one bit that is wrong, where a CRC-32C says that something is: a sum of octets with one flipped bit differs
// from the sum of the right ones in a way that depends on the place of the bit alone (how far it is from the end), and
// no two places within half a gigabyte look alike. Other damage looks like one flipped bit by chance, too, one time in
// 2^32 for each bit: whoever mends by this looks afterwards whether what comes out makes sense. Pure; takes about 10 ns
// for each octet.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace chappe::store {

struct FlippedBit {
  std::uint64_t octet = 0;
  unsigned char mask = 0;  // to be xored
};

// Of `size` octets whose CRC-32C is `sum` and should be `expected`. Nothing: there is no such bit.
std::optional<FlippedBit> find_flipped_bit(std::uint64_t size, std::uint32_t sum, std::uint32_t expected);

}  // namespace chappe::store
