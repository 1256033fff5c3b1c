// The server side of SMTP, submission and LMTP, without I/O: fed octets, it gives events and octets to send. One
// machine serves one connection, owned by whoever owns the connection, on that one's shard; it never blocks, knows no
// clock, and allocates in proportion to one command line. RFC 5321, 1870, 2033, 2034, 2920, 3030, 3207, 3461, 4954,
// 6152, 6409, 6531.
//
// The driver's loop:
//
//   machine.greet();
//   for (;;) {
//     Event event = machine.next();
//     // NeedInput: write machine.take_output(), read, machine.feed(...)      NeedFlush: write machine.take_output()
//     // NeedTls:   write, shake hands, machine.tls_started()                 Close: write, close
//     // questions: find the answer (this may take time), then machine.accept() / reject(...) / challenge(...)
//     // notices:   take note
//   }
//
// Questions come one at a time and in order, and the machine holds what is behind them, so that replies cannot
// overtake each other: all the answers to commands that came together are sent in one write (RFC 2920 §3.2).
// Feed only when next() said NeedInput, and what is held stays bounded: the chunk in work and one command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "proto/smtp/commands/commands.h"
#include "proto/smtp/events.h"
#include "proto/smtp/letter_scanner.h"
#include "proto/smtp/options.h"
#include "proto/smtp/reply.h"
#include "proto/smtp/session.h"

namespace chappe::proto::smtp {

class ServerMachine {
 public:
  // `tls`: the connection is inside TLS from its beginning (port 465). `options` is shared with the other machines of
  // the door.
  explicit ServerMachine(std::shared_ptr<const ServerOptions> options, bool tls = false);

  // The first thing to be sent: 220. Or a refusal of the client: 421 closes, 554 waits for its QUIT (RFC 5321 §3.1).
  void greet();
  void greet(const Reply& refusal);

  // Takes octets from the peer. The chunk form is not copied: letters are handed on as slices of it. Fed while TLS is
  // being awaited, or after Close, they are thrown away.
  void feed(Chunk octets);
  void feed(ByteView octets) { feed(Chunk::copy_of(octets)); }
  // The peer has closed its side. A letter that was under way is given up; Close follows.
  void feed_end();

  // What happens next. Never blocks; does work in proportion to what was fed.
  Event next();

  // ---- answers to the last question
  // Yes, in the machine's words, or in yours (a positive reply; for StartTls, AuthBegin and Hello only the machine's).
  void accept();
  void accept(const Reply& reply);
  // No: a reply of 4xx or 5xx. 421 closes after it (RFC 5321 §3.8).
  void reject(const Reply& reply);
  // 334 with `octets` in base64: AuthResponse or AuthCancel follows (RFC 4954 §4).
  void challenge(ByteView octets);
  // LMTP after DataEnd: a reply for each recipient that was accepted, in their order (RFC 2033 §4.2).
  void answer_each(std::span<const Reply> replies);

  // After NeedTls, when the handshake succeeded: the client must start anew with EHLO (RFC 3207 §4.2).
  void tls_started();

  // Ends the session at any moment with the 421 of a rule: Rule::timeout, Rule::shutdown.
  void close(Rule rule);

  // ---- octets to send
  const Bytes& output() const { return out_; }
  Bytes take_output();

  const Session& session() const { return session_; }
  // Octets held: the command line in work, input not looked at, output not taken.
  std::size_t held() const;

 private:
  enum class Mode : std::uint8_t { commands, line_flood, auth, data, chunk, tls, closed };
  enum class Question : std::uint8_t { none, hello, starttls, auth, mail, rcpt, data, chunk, letter, vrfy };
  enum class Line : std::uint8_t { none, complete, refused };

  // Input.
  bool has_input() const { return at_ < input_.size(); }
  bool input_behind() const { return has_input() || !more_.empty(); }
  bool next_input();
  Line read_line(ByteView& line);
  std::size_t line_limit(ByteView begun, ByteView more) const;
  void skip_flood();

  // Modes.
  std::optional<Event> step_command();
  std::optional<Event> step_auth();
  std::optional<Event> step_letter();
  std::optional<Event> chunk_done();
  Event letter_done();
  Event refuse_letter(Rule rule);
  std::size_t replies_to_letter() const;
  std::optional<Event> dispatch(ByteView line);
  std::optional<Rule> forbidden(const CommandRow& row, ByteView argument) const;
  std::optional<Event> begin_chunk(const BdatChunk& chunk);
  std::optional<Event> data_broken();

  // Output.
  void say(Rule rule);
  void say(const Reply& reply) { append_reply(out_, reply); }
  void say_hello(bool extended);
  Event refuse(Rule rule, ByteView line);
  Event shut_out(Rule rule, ByteView line);
  void give_up_letter();
  void end_letter(bool kept);
  void answered_negatively(Question question, const Reply& reply);
  void close_now(CloseReason reason, std::optional<Rule> rule);

  std::shared_ptr<const ServerOptions> options_;
  Session session_;
  Mode mode_ = Mode::commands;
  Question question_ = Question::none;
  Close close_;
  bool turned_away_ = false;
  bool hello_extended_ = false;
  bool lost_ = false;

  Chunk input_;
  std::size_t at_ = 0;
  std::vector<Chunk> more_;  // in reverse order
  Bytes line_;               // the part of a command line that came in earlier chunks
  Bytes line_done_;          // keeps a completed line that was put together
  bool flood_after_cr_ = false;
  std::size_t flooded_ = 0;
  std::optional<Event> waiting_;  // a notice that follows the one just given

  std::optional<LetterScanner> scanner_;
  bool broken_told_ = false;
  std::optional<Reply> letter_refusal_;  // by the driver, of a chunked letter
  std::optional<Rule> chunk_refusal_;
  std::uint64_t chunk_left_ = 0;  // octets of the BDAT chunk still to come
  std::uint64_t chunk_size_ = 0;
  bool chunk_last_ = false;
  bool letter_open_ = false;  // the driver has said yes to DataBegin, and DataEnd or Reset is still to come
  std::uint64_t thrown_ = 0;  // octets of refused chunks

  std::size_t errors_ = 0, idle_ = 0, refused_rcpts_ = 0, auth_failures_ = 0;

  Bytes out_;
};

}  // namespace chappe::proto::smtp
