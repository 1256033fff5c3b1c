// The client machine in front of a filter that says anything. Whatever it hears, what it sends are whole packets that
// libmilter would read, what it keeps of changes is bounded, and an operation that is over has an answer.

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/milter/client.h"

namespace {

using namespace chappe;
using namespace chappe::proto::milter;
using fuzz::check;

void check_packets(ByteView out) {
  while (!out.empty()) {
    check(out.size() > 4);
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(out[i]);
    check(size >= 1 && size <= kMaxSentData + 1 && out.size() >= 4 + size);
    out.remove_prefix(4 + size);
  }
}

void begin(ClientMachine& client, unsigned operation) {
  client.macros().set("i", "L1");
  client.macros().set("j", "mx.example.org");
  const Bytes large(2 * kMaxBodyChunk, 'x');
  switch (operation % 10) {
    case 0:
      return client.connect({.name = "c.example", .ip = "192.0.2.1", .port = 25});
    case 1:
      return client.hello("c.example");
    case 2:
      return client.mail("<a@example.org>", {"SIZE=1000"});
    case 3:
      return client.rcpt("<b@example.org>", {}, operation % 20 == 3);
    case 4:
      return client.data();
    case 5:
      return client.header({{.name = "A", .value = " b\r\n\tc"}, {.name = "B", .value = large}});
    case 6:
      return client.body(ChunkList(operation % 20 == 6 ? ByteView(large) : ByteView("body")));
    case 7:
      return client.end_of_body();
    case 8:
      return client.abort();
    default:
      return client.quit_nc();
  }
}

// The next packet, as far as there is one; what is said before it is asked for ends the conversation.
ByteView take_packet(ByteView& input) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4 && i < input.size(); ++i) size = size << 8 | static_cast<unsigned char>(input[i]);
  const ByteView packet = input.substr(0, size + 4);
  input.remove_prefix(packet.size());
  return packet;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const unsigned cut = fuzz::choose(input);
  ClientMachine client;
  fuzz::Pieces pieces(take_packet(input), cut);
  unsigned operation = 0;
  for (int i = 0; i < 100'000; ++i) {
    const ClientEvent event = client.next();
    check_packets(client.take_output().flatten());
    if (event == ClientEvent::failed) {
      check(!client.error().text().empty() && !client.reusable());
      break;
    }
    if (event == ClientEvent::need_input) {
      if (pieces.done() && !input.empty()) pieces = fuzz::Pieces(take_packet(input), cut);
      pieces.done() ? client.feed_end() : client.feed(pieces.next());
      continue;
    }
    check(client.changes().size() <= kMaxChanges);
    std::size_t octets = 0;
    for (const Change& change : client.changes()) octets += change.name.size() + change.value.size();
    check(octets <= kMaxChangeOctets);
    if (client.decision() == Decision::reply_code) {
      const ReplyCode& code = client.reply_code();
      check(code.code >= 400 && code.code <= 599 && code.text.find('\0') == ByteView::npos);
    }
    if (operation > 200) break;
    begin(client, operation++);
  }
  return 0;
}
