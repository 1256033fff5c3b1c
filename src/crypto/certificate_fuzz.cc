// Certificates are outside bytes: an operator's file, and later what a peer shows.
#include <cstdint>

#include "crypto/certificate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  const auto facts = crypto::certificate_facts(input);
  if (facts) {
    facts->covers("mail.example.org");
    for (const auto& name : facts->dns_names)
      if (name.find('*') == std::string::npos && !facts->covers(name)) __builtin_trap();
    for (const auto& address : facts->addresses)
      if (!facts->covers(address)) __builtin_trap();
  }
  (void)crypto::key_matches(crypto::Secret(input), input);
  return 0;
}
