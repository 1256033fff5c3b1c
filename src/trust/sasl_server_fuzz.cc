// A client that says anything. The first octet chooses mechanism and options; then messages, each ended by 0xff. What
// is asked of the directory is answered from the input's first octets too.
#include <cstdint>

#include "trust/sasl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  using namespace chappe::trust;
  if (size == 0) return 0;
  static const ScramVerifier verifier =
      *make_scram_verifier(crypto::Secret("pencil"), "0123456789abcdef", kMinScramIterations);
  const unsigned choice = data[0];
  ByteView left(reinterpret_cast<const char*>(data) + 1, size - 1);
  SeededRandom random(1);
  const auto server = make_sasl_server(static_cast<SaslMechanism>(choice % 3), random,
                                       {.channel_binding_offered = (choice & 0x10) != 0});
  const auto next_message = [&] {
    const auto end = left.find('\xff');
    const auto message = left.substr(0, end);
    left.remove_prefix(end == ByteView::npos ? left.size() : end + 1);
    return message;
  };
  SaslStep step = (choice & 0x20) != 0 ? server->start(std::nullopt) : server->start(next_message());
  bool verified = false;
  for (int turns = 0; turns < 12; ++turns) {
    if (std::holds_alternative<NeedPassword>(step)) {
      verified = (choice & 0x40) != 0;
      step = server->on_password(verified);
    } else if (std::holds_alternative<NeedScram>(step)) {
      step = server->on_scram((choice & 0x80) != 0 ? nullptr : &verifier);
    } else if (std::holds_alternative<SaslChallenge>(step)) {
      step = server->step(next_message());
    } else if (std::holds_alternative<SaslDone>(step)) {
      // Only a password that was called right ends well; SCRAM's proof is not to be guessed.
      if (!verified) __builtin_trap();
      step = server->step(next_message());
    } else {
      if (!std::holds_alternative<SaslFailed>(server->step(""))) __builtin_trap();
      break;
    }
  }
  return 0;
}
