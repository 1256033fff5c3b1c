// A server that says anything to a SCRAM client: two messages, the first ended by 0xff. Iterations are cut to four
// digits, so that an input costs milliseconds.
#include <cstdint>
#include <cstring>

#include "trust/sasl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  using namespace chappe::trust;
  // Nonce of the seeds.
  class Fixed final : public Random {
   public:
    void fill(std::span<char> out) override { std::memset(out.data(), 'a', out.size()); }
  } random;
  const ByteView input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\xff');
  const ByteView first = input.substr(0, end);
  const ByteView second = end == ByteView::npos ? ByteView() : input.substr(end + 1);
  const auto iterations = first.find("i=");
  if (iterations != ByteView::npos && first.size() - iterations > 6 && first[iterations + 6] != ',') return 0;

  auto client = make_sasl_client(SaslMechanism::scram_sha_256, "user", crypto::Secret("pencil"), "", random);
  if (!client || !(*client)->start()) __builtin_trap();
  if ((*client)->step(first)) (void)(*client)->step(second);
  // The fuzzer does not know the password.
  if ((*client)->done()) __builtin_trap();
  return 0;
}
