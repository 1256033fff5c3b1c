// The whole ear: bytes of a client, fed twice, whole and in pieces that the input chooses. Both must say and do the
// same, and what is written must keep to lines.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "proto/imap/receiver.h"

using namespace chappe;
using namespace chappe::proto::imap;

namespace {

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

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
      if (closed) broken("an event after the end");
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
      if (append->size > receiver.limits().append) broken("a letter above the limit");
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
          if (child <= i || child >= search->program.keys.size()) broken("the search tree");
    if (std::holds_alternative<Starttls>(c.args)) receiver.start_tls();
  }
  void take(AppendPiece& p) {
    if (p.octets.empty()) broken("an empty piece");
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
  const ByteView text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool logged_in = data[0] & 1;
  const std::size_t piece = 1 + data[1];
  Session whole(logged_in);
  whole.feed(text);
  // STARTTLS forgets what came with it, so that only without it the pieces do not matter.
  if (whole.happened.contains("STARTTLS")) return 0;
  Session parts(logged_in);
  for (std::size_t at = 0; at < text.size(); at += piece) parts.feed(text.substr(at, piece));
  if (whole.out != parts.out) broken("the answers depend on the pieces");
  if (whole.happened != parts.happened) broken("the events depend on the pieces");
  if (!whole.out.empty() && !whole.out.ends_with("\r\n")) broken("an answer without its end");
  if (std::ranges::count(whole.out, '\r') != std::ranges::count(whole.out, '\n')) broken("a line end in an answer");
  if (whole.out.contains('\0')) broken("NUL in an answer");
  return 0;
}
