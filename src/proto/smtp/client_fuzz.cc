// The client machine in front of a server that says anything. Whatever it hears, what it sends are whole lines, and a
// recipient is only reported as served when the server said so after the whole letter. Who only asks sends no letter.

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/smtp/client.h"

namespace {

using namespace chappe;
using namespace chappe::proto::smtp;
using fuzz::check;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned a = data[0], cut = data[1];
  ClientOptions o;
  o.lmtp = (a & 1) != 0;
  o.pipelining = (a & 2) != 0;
  o.chunking = (a & 4) != 0;
  o.chunk = 8;
  o.rcpt_group = 2;
  ClientMachine client(o);
  fuzz::Pieces pieces(fuzz::view(data, size).substr(2), cut);
  const bool asks = (a & 8) != 0;
  bool sent = false, whole = false;
  unsigned operations = 0;
  for (int i = 0; i < 100'000; ++i) {
    const ClientEvent e = client.next();
    const Bytes out = client.take_output().flatten();
    check(out.empty() || !out.ends_with('\r'));
    if (e == ClientEvent::closed) break;
    if (e == ClientEvent::need_tls) client.tls_started();
    if (e == ClientEvent::challenge) client.respond("response");
    if (e == ClientEvent::need_letter) {
      client.letter(Chunk::copy_of(".From: a\r\n\n.x\r"));
      if (i % 2 == 0) {
        client.letter_end();
        whole = true;
      }
    }
    if (e == ClientEvent::done) {
      if (sent)
        for (const Answer& r : client.results()) check(r.reply.code >= 200 && (!r.reply.positive() || whole || asks));
      check(!asks || !whole);
      sent = whole = false;
      bool begun = false;
      if (operations == 0) begun = client.starttls().has_value();
      if (operations == 1) begun = client.auth("PLAIN", "x").has_value();
      if (operations == 4) client.reset();
      if (operations == 5) client.noop();
      if (operations > 8) client.quit();
      if (operations >= 4 && (operations < 6 || operations > 8)) begun = true;
      ++operations;
      if (!begun) {
        Envelope envelope;
        envelope.from = "a@example.org";
        for (const char* to : {"b@example.test", "c@example.test", "d@example.test"})
          envelope.recipients.push_back({to});
        check((asks ? client.ask(envelope) : client.send(envelope)).has_value());
        sent = true;
      }
    }
    if (e != ClientEvent::need_input) continue;
    pieces.done() ? client.feed_end() : client.feed(pieces.next());
  }
  return 0;
}
