// The server's side of a conversation with a filter, without I/O: it is told what happens, gives octets to send, is fed
// what the filter says, and reports what was decided. One machine serves one connection to a filter, owned by whoever
// owns that; it never blocks and knows no clock. What the protocol is, stands in protocol.h.
//
// One operation at a time. The first, there from the beginning, is the negotiation.
//
//   for (;;) switch (client.next()) {
//     case ClientEvent::need_input: write client.take_output(), read, client.feed(...)
//     case ClientEvent::done:       write client.take_output(); client.decision(); start the next operation
//     case ClientEvent::failed:     client.error(); close
//   }
//
// Steps that the filter does not want, or does not answer, are done at once. When the decision is another than go_on,
// the operation is over, and with it: the connection to the client, for connect and hello; the letter, for the later
// ones; but reject, temporary and reply_code at rcpt concern that recipient.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "proto/milter/macros.h"
#include "proto/milter/packet.h"
#include "proto/milter/protocol.h"

namespace chappe::proto::milter {

enum class ClientEvent : std::uint8_t { need_input, done, failed };

struct ClientAddress {
  std::string name;  // by DNS; empty: not known
  std::string ip;    // "192.0.2.1", "2001:db8::1"
  std::uint16_t port = 0;
};

// Of the letter; views into it.
struct HeaderField {
  ByteView name;
  ByteView value;  // all behind the colon up to the last line end
};

// A reply of the filter's own, fit for nothing until it is checked: text has what it sent, its lines separated by '\n'.
struct ReplyCode {
  int code = 0;
  std::string enhanced = {};  // "5.7.1", or empty
  std::string text = {};

  bool operator==(const ReplyCode&) const = default;
};
// "550 5.7.1 text", of one or several lines. Errc::invalid: no 4xx or 5xx, or the codes of the lines differ.
Result<ReplyCode> parse_reply_code(std::string_view data);

class ClientMachine {
 public:
  ClientMachine();

  void feed(ByteView octets);
  // The filter has closed.
  void feed_end() { ended_ = true; }
  ClientEvent next();
  ChunkList take_output();

  // What is sent in front of the steps, as far as the filter's lists name it.
  Macros& macros() { return macros_; }

  // ---- operations; only when next() said done, and in the order of SMTP
  void connect(const ClientAddress& client);
  void hello(std::string_view name);
  // `path` with its angle brackets; `arguments`: "SIZE=1000".
  void mail(std::string_view path, const std::vector<std::string>& arguments);
  // `refused`: by somebody else already. Only some filters want to hear of it, and their answer says nothing.
  void rcpt(std::string_view path, const std::vector<std::string>& arguments, bool refused);
  void data();
  // All fields, and the end of the header. Of a field of more than kMaxSentData octets the filter sees the beginning.
  void header(const std::vector<HeaderField>& fields);
  // A part of the body; kept until there is enough for a packet. The octets are shared.
  void body(ChunkList octets);
  void end_of_body();
  // The letter is given up; any time after mail().
  void abort();
  // The connection to the client is over, and so is this one; or, if reusable(), connect() follows.
  void quit();
  void quit_nc();

  // ---- what came of it
  Decision decision() const { return decision_; }
  // Of Decision::reply_code.
  const ReplyCode& reply_code() const { return reply_code_; }
  // After end_of_body().
  const std::vector<Change>& changes() const { return changes_; }
  // Changes beyond the limits, which are not among them.
  std::size_t more_changes() const { return more_changes_; }
  // Why it failed: invalid and too_large: it does not speak the protocol; closed; unavailable: it says so itself.
  const Error& error() const { return *error_; }

  // ---- what is going on
  // Packets heard so far. A filter that works on a letter for long says so from time to time.
  std::uint64_t heard() const { return heard_; }
  // In words: "the answer to MAIL".
  std::string_view awaited() const;
  // Whether quit_nc() will be understood. It came with version 6, and libmilter heeds it only behind a letter that it
  // heard to its end and let go on, or that was aborted; elsewhere it ignores it, and the connect() that follows.
  bool reusable() const;
  // Whether more of the body is of any use.
  bool wants_body() const { return !agreed(step::kNoBody) && !skip_body_; }
  bool wants_refused_rcpt() const { return (steps_ & step::kRefusedRcpt) != 0; }
  std::uint32_t version() const { return version_; }
  std::uint32_t actions() const { return actions_; }
  std::uint32_t steps() const { return steps_; }
  const MacroLists& macro_lists() const { return lists_; }

 private:
  struct Out {
    Command command;
    ChunkList octets;
    bool answered;
  };

  void begin();
  void send(Command command, ChunkList packet, std::uint32_t silent);
  void send_macros(Command command, MacroStep step);
  // What the filter said of a step, or of how it speaks.
  bool agreed(std::uint32_t flag) const { return (steps_ & flag) != 0; }
  void flush_body(bool all);
  void take(const Packet& packet);
  void take_negotiation(ByteView data);
  void take_change(Said said, ByteView data);
  void add_change(Change change, std::uint32_t needed);
  void decide(Decision decision);
  void skip();
  void fault(Errc code, std::string text);

  PacketReader reader_;
  Bytes input_;
  bool ended_ = false;
  ChunkList out_;
  std::deque<Out> queue_;
  std::optional<Command> waiting_;
  std::optional<Error> error_;

  std::uint32_t version_ = 0, actions_ = 0, steps_ = 0;
  MacroLists lists_;
  Macros macros_;

  ChunkList body_;  // not sent yet
  bool skip_body_ = false;
  bool in_letter_ = false;      // the filter has heard of a letter, and may hear more of it
  bool behind_letter_ = false;  // it has heard the end of one
  Decision decision_ = Decision::go_on;
  ReplyCode reply_code_;
  std::vector<Change> changes_;
  std::size_t change_octets_ = 0, more_changes_ = 0;
  std::size_t packets_ = 0;  // of this answer
  std::uint64_t heard_ = 0;
};

}  // namespace chappe::proto::milter
