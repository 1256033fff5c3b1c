#include "store/packing.h"

#include <zstd.h>

namespace chappe::store {
namespace {
constexpr int kLevel = 3;
}

std::optional<Bytes> pack(ByteView octets) {
  // What does not fit there is not worth it; so it fails for that, and for want of memory.
  Bytes out(octets.size() - octets.size() / 8, '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), octets.data(), octets.size(), kLevel);
  if (ZSTD_isError(size)) return std::nullopt;
  out.resize(size);
  return out;
}

Result<Chunk> unpack(ByteView packed, std::size_t size) {
  Buffer* buffer = Buffer::make(size);
  Chunk out(buffer, 0, size);
  const std::size_t done = ZSTD_decompress(buffer->data(), size, packed.data(), packed.size());
  if (ZSTD_isError(done) || done != size) return fail(Errc::corrupt, "a packed extent of a letter cannot be unpacked");
  return out;
}

}  // namespace chappe::store
