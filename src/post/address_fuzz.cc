// Any text as an address: the written form must be one that leads back to the same key.
#include <cstdint>

#include "post/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using chappe::post::AddressKey;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto key = AddressKey::parse(input);
  if (!key) return 0;
  const auto again = AddressKey::parse(key->written());
  if (!again || *again != *key || again->written() != key->written()) __builtin_trap();
  for (const char c : key->written())
    if (c == '\r' || c == '\n' || c == '\0') __builtin_trap();
  if (const auto base = key->without_detail('+'); base && base->without_detail('+')) __builtin_trap();
  return 0;
}
