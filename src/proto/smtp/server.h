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

#include "base/bytes.h"
#include "codec/line_reader.h"
#include "proto/smtp/commands/commands.h"
#include "proto/smtp/events.h"
#include "proto/smtp/letter_intake.h"
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
  // Yes, in the machine's words, or in yours (a positive reply; for StartTls and Hello only the machine's).
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
  std::size_t held() const { return lines_.held() + out_.size(); }

 private:
  enum class Mode : std::uint8_t { commands, auth, letter, tls, closed };
  enum class Question : std::uint8_t { none, hello, starttls, auth, mail, rcpt, data, chunk, letter, vrfy };

  std::optional<Event> step_command();
  std::optional<Event> step_auth();
  std::optional<Event> dispatch(ByteView line);

  // The letter: server_letter.cc.
  std::optional<Event> begin_chunk(const BdatChunk& chunk);
  std::optional<Event> step_letter();
  Event letter_done();
  std::optional<Event> chunk_done();
  Event refuse_letter(Rule rule);
  std::size_t replies_to_letter() const;
  void give_up_letter();
  void end_letter(bool kept);

  // Output.
  void say(Rule rule);
  void say(const Reply& reply) { append_reply(out_, reply); }
  Event refuse(Rule rule, ByteView line);
  Event refuse_silently(Rule rule, ByteView line);
  Event refuse_step(Rule rule, ByteView line);
  Event shut_out(Rule rule, ByteView line);
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

  codec::LineReader lines_;
  std::optional<Event> waiting_;  // a notice that follows the one just given

  LetterIntake intake_;
  std::optional<Reply> letter_refusal_;  // by the driver, of a chunked letter
  std::optional<Rule> chunk_refusal_;
  bool chunk_last_ = false;

  std::size_t errors_ = 0, idle_ = 0, refused_rcpts_ = 0, auth_failures_ = 0;

  Bytes out_;
};

}  // namespace chappe::proto::smtp
