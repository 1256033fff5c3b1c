// zstd, for parts of letters: one frame each (RFC 8878). Pure functions; what they work with is made anew each time.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::store {

// Nothing: it would not save an eighth.
std::optional<Bytes> pack(ByteView octets);
// `size`: what must come out. Errors: corrupt.
Result<Chunk> unpack(ByteView packed, std::size_t size);

}  // namespace chappe::store
