// The POP3 machine under any octets: the first two octets choose options and how the rest is cut. What it sends are
// whole lines, and what it holds is bounded.
#include <memory>

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/pop3/server.h"

namespace {

using namespace chappe;
using namespace chappe::proto::pop3;
using fuzz::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned a = data[0], cut = data[1];
  auto o = std::make_shared<ServerOptions>();
  o->tls_available = (a & 1) != 0;
  o->login_without_tls = (a & 2) != 0;
  o->utf8 = (a & 4) != 0;
  o->auth_mechanisms = {"PLAIN"};
  o->output = 64;
  ServerMachine machine(o);
  machine.greet();
  fuzz::Pieces pieces(fuzz::view(data, size).substr(2), cut);
  unsigned dice = a * 256 + cut;
  bool ended = false;
  for (int i = 0; i < 1'000'000; ++i) {
    const Event e = machine.next();
    dice = dice * 1103515245 + 12345;
    const bool yes = (dice >> 16 & 7) != 0;
    if (std::holds_alternative<Close>(e)) break;
    if (std::holds_alternative<NeedTls>(e)) machine.tls_started();
    if (std::holds_alternative<StartTls>(e) || std::holds_alternative<Update>(e)) {
      yes ? machine.accept() : machine.reject("no\r\n+OK yes");
    }
    if (std::holds_alternative<AuthBegin>(e)) {
      machine.challenge("more");
    } else if (std::holds_alternative<Login>(e) || std::holds_alternative<AuthResponse>(e)) {
      yes ? machine.log_in({{10, "a"}, {20, "b"}, {30, "c"}}) : machine.reject("no", "AUTH");
    }
    if (std::holds_alternative<Retrieve>(e)) {
      machine.send_begin();
      for (int k = 0; k < 4 && machine.wants_letter(); ++k) machine.letter(Chunk::copy_of(".a\r\n\r\n\n..\r"));
      machine.letter_end();
    }
    const Bytes out = machine.take_output().flatten();
    check(out.empty() || out.ends_with("\r\n"));
    check(machine.held() <= 2 * 12288 + 512);
    if (!std::holds_alternative<NeedInput>(e)) continue;
    check(!ended);
    ended = pieces.done();
    ended ? machine.feed_end() : machine.feed(pieces.next());
  }
  return 0;
}
