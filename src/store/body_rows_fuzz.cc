// Rows of bodies are bytes read back. What can be read is written again to something that reads the same.
#include <cstdlib>

#include "store/body_rows.h"

using namespace chappe;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(reinterpret_cast<const char*>(data), size);
  if (const auto h = store::decode_body_header(in))
    if (store::decode_body_header(store::encode(*h)) != *h) std::abort();
  if (const auto e = store::decode_body_extents(in))
    if (store::decode_body_extents(store::encode(*e)) != *e) std::abort();
  if (const auto n = store::decode_segment_row(in))
    if (store::decode_segment_row(store::encode_segment_row(*n)) != *n) std::abort();
  return 0;
}
