// The whole ear: bytes of a client, fed twice, whole and in pieces that the input chooses. Both must say and do the
// same, and what is written must keep to lines.
#include <algorithm>

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/imap/receiver.h"

using namespace chappe;
using namespace chappe::proto::imap;
using fuzz::check;

namespace {

// A session that lets everything through and writes down what happens.
struct Session {
  Receiver receiver;
  Bytes out;
  Bytes happened;
  Bytes tag;
  bool closed = false;

  explicit Session(bool logged_in) {
    receiver.facts().plain_login = true;
    receiver.facts().can_starttls = true;
    if (logged_in) receiver.facts().state = State::authenticated;
  }
  void feed(ByteView octets) {
    receiver.feed(Chunk::copy_of(octets));
    while (auto event = receiver.next(out)) {
      check(!closed);
      std::visit([&](auto& e) { take(e); }, *event);
    }
  }
  void take(Command& c) {
    tag = c.tag;
    happened += fmt::format("<{} {} {}>", tag, std::string_view(c.name), c.uid);
    if (std::holds_alternative<Login>(c.args)) receiver.facts().state = State::authenticated;
    if (std::holds_alternative<Select>(c.args)) receiver.facts().state = State::selected;
    if (std::holds_alternative<Logout>(c.args)) receiver.facts().state = State::logout;
    if (const auto* enable = std::get_if<Enable>(&c.args))
      for (const Bytes& name : enable->capabilities) receiver.facts().utf8 |= name == "IMAP4REV2";
    if (const auto* append = std::get_if<Append>(&c.args)) {
      check(append->size <= receiver.limits().append);
      if (append->size % 7 == 3) return receiver.refuse_append(tag + " NO\r\n", out);
      return receiver.accept_append(out);
    }
    if (std::holds_alternative<Idle>(c.args)) return receiver.start_idle(out);
    if (std::holds_alternative<Authenticate>(c.args)) return receiver.challenge("who", out);
    if (const auto* fetch = std::get_if<Fetch>(&c.args))
      for (const FetchItem& item : fetch->items) write_item_name(happened, item);
    if (const auto* search = std::get_if<Search>(&c.args))
      for (std::size_t i = 0; i < search->program.keys.size(); ++i)
        for (const auto child : search->program.keys[i].children)
          check(child > i && child < search->program.keys.size());
    if (std::holds_alternative<Starttls>(c.args)) receiver.start_tls();
  }
  void take(AppendPiece& p) {
    check(!p.octets.empty());
    happened += p.octets.view();
  }
  void take(AppendEnd&) { happened += "<end>"; }
  void take(AppendAborted&) { happened += "<aborted>"; }
  void take(SaslResponse& r) { happened += "<sasl " + r.octets + (r.cancelled ? " cancelled>" : ">"); }
  void take(IdleEnd& e) { happened += e.done ? "<done>" : "<not done>"; }
  void take(Closed&) { closed = true; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  ByteView text = fuzz::view(data, size);
  const bool logged_in = fuzz::choose(text) & 1;
  const unsigned how = fuzz::choose(text);
  Session whole(logged_in);
  whole.feed(text);
  // STARTTLS forgets what came with it, so that only without it the pieces do not matter.
  if (whole.happened.contains("STARTTLS")) return 0;
  Session parts(logged_in);
  for (fuzz::Pieces pieces(text, how); !pieces.done();) parts.feed(pieces.next());
  check(whole.out == parts.out);
  check(whole.happened == parts.happened);
  check(whole.out.empty() || whole.out.ends_with("\r\n"));
  check(std::ranges::count(whole.out, '\r') == std::ranges::count(whole.out, '\n'));
  check(!whole.out.contains('\0'));
  return 0;
}
