#include "store/packing.h"

#include <zstd.h>

namespace chappe::store {
namespace {
constexpr int kLevel = 3;
}

Bytes pack(ByteView octets) {
  Bytes out(ZSTD_compressBound(octets.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), octets.data(), octets.size(), kLevel);
  // It fails for want of memory only; then nothing is saved.
  out.resize(ZSTD_isError(size) ? out.size() : size);
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
