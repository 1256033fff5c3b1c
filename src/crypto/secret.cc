#include "crypto/secret.h"

#include <openssl/crypto.h>

namespace chappe::crypto {

void wipe(void* data, std::size_t size) { OPENSSL_cleanse(data, size); }

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Secret::Secret(ByteView bytes) : data_(bytes.empty() ? nullptr : new char[bytes.size()]), size_(bytes.size()) {
  bytes.copy(data_.get(), size_);
}

Secret Secret::take(std::string&& bytes) {
  Secret secret{ByteView(bytes)};
  wipe(bytes.data(), bytes.size());
  bytes.clear();
  return secret;
}

Secret::~Secret() {
  if (data_) wipe(data_.get(), size_);
}

}  // namespace chappe::crypto
