// Packed octets of any kind are unpacked to what they say, or refused; what we pack comes back.
#include <cstdlib>

#include "store/packing.h"

using namespace chappe;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(reinterpret_cast<const char*>(data), size);
  (void)store::unpack(in, size * 3);
  (void)store::unpack(in, 256);
  if (const auto packed = store::pack(in)) {
    const auto back = store::unpack(*packed, in.size());
    if (!back || back->view() != in || packed->size() > in.size() - in.size() / 8) std::abort();
  }
  return 0;
}
