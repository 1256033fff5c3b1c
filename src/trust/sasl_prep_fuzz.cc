// Names and passwords from the wire, before anybody is known: preparing twice is preparing once.
#include <cstdint>

#include "codec/utf8.h"
#include "trust/sasl_prep.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  const auto once = trust::sasl_prep(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!once) return 0;
  if (once->empty() || once->size() > trust::kMaxSaslText || !codec::utf8_valid(*once)) __builtin_trap();
  if (trust::sasl_prep(*once) != *once) __builtin_trap();
  return 0;
}
