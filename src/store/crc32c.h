// CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's own instruction where it has one.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace chappe::store {

// Of what `before` is the sum of, and then `octets`.
std::uint32_t crc32c(ByteView octets, std::uint32_t before = 0);
// The same on any processor; for the test that compares them.
std::uint32_t crc32c_by_table(ByteView octets, std::uint32_t before = 0);

}  // namespace chappe::store
