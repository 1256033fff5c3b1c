// Recordings from outside: what is read is written as a text that reads as the same.
#include <cstdlib>

#include "dns/recording.h"

using namespace chappe;
using namespace chappe::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recording = Recording::parse(ByteView(reinterpret_cast<const char*>(data), size));
  if (!recording) return 0;
  const std::string text = recording->text();
  const auto again = Recording::parse(text);
  if (!again || again->text() != text || again->size() != recording->size()) std::abort();
  return 0;
}
