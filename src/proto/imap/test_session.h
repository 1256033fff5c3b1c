// For tests: a session without a post office behind a Receiver. It says OK to everything, logs in at LOGIN and after
// one SASL response, selects at SELECT, challenges with "who", and refuses letters for the mailbox "refused".
#pragma once

#include <string>
#include <vector>

#include "proto/imap/receiver.h"

namespace chappe::proto::imap {

class TestSession {
 public:
  explicit TestSession(Limits limits = {}) : receiver(limits) {
    receiver.facts().plain_login = true;
    receiver.facts().can_starttls = true;
  }

  void feed(ByteView octets) {
    receiver.feed(Chunk::copy_of(octets));
    while (auto event = receiver.next(out)) std::visit([&](auto& e) { take(e); }, *event);
  }
  void log_in() { receiver.facts().state = State::authenticated; }

  Receiver receiver;
  Bytes out;
  std::vector<std::string> letters;  // complete ones
  Bytes letter;                      // the one that comes
  int aborted = 0;
  int commands = 0;
  bool closed = false;
  Bytes sasl;

 private:
  void take(Command& c) {
    ++commands;
    tag_ = c.tag;
    if (std::holds_alternative<Login>(c.args)) log_in();
    if (std::holds_alternative<Select>(c.args)) receiver.facts().state = State::selected;
    if (const auto* append = std::get_if<Append>(&c.args)) {
      letter.clear();
      if (append->mailbox == "refused")
        return receiver.refuse_append(tag_ + " NO [TRYCREATE] no such mailbox\r\n", out);
      return receiver.accept_append(out);
    }
    if (std::holds_alternative<Idle>(c.args)) return receiver.start_idle(out);
    if (const auto* auth = std::get_if<Authenticate>(&c.args); auth && !auth->initial)
      return receiver.challenge("who", out);
    out += tag_ + " OK " + Bytes(c.name) + "\r\n";
    if (std::holds_alternative<Starttls>(c.args)) receiver.start_tls();
  }
  void take(AppendPiece& p) { letter += p.octets.view(); }
  void take(AppendEnd&) {
    letters.push_back(letter);
    out += tag_ + " OK APPEND\r\n";
  }
  void take(AppendAborted&) { ++aborted; }
  void take(SaslResponse& r) {
    sasl = r.octets;
    if (!r.cancelled) log_in();
    out += tag_ + (r.cancelled ? " BAD cancelled\r\n" : " OK AUTHENTICATE\r\n");
  }
  void take(IdleEnd& e) { out += tag_ + (e.done ? " OK IDLE\r\n" : " BAD expected DONE\r\n"); }
  void take(Closed&) { closed = true; }

  Bytes tag_;
};

}  // namespace chappe::proto::imap
