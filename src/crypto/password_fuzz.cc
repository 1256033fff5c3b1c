// Reads a stored or imported password hash; where its cost is small, verifies a password against it too.
#include <cstdint>

#include "crypto/password.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto params = crypto::password_hash_params(text);
  if (!params) return 0;
  if (params->memory_kib > crypto::kMaxArgon2.memory_kib || params->passes > crypto::kMaxArgon2.passes ||
      params->lanes > crypto::kMaxArgon2.lanes)
    __builtin_trap();
  if (params->memory_kib <= 64 && params->passes <= 2) (void)crypto::verify_password(crypto::Secret("password"), text);
  return 0;
}
