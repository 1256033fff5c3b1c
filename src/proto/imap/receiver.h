// The server's ear for one IMAP connection: octets in, commands out, and what the protocol itself has to answer.
//
// Sans I/O: no socket, clock, store or thread. One Receiver per connection, owned by its session, on that session's
// shard; nothing blocks. The owner feeds chunks as they arrive and calls next() until it gives nothing; it must finish
// one event, with its answer, before it asks for the next, and append to the same output, so that answers stand in
// order. Octets that were not yet needed wait inside (the owner does not read more while they do), so memory is one
// chunk, one command and what Limits says.
//
// It frames lines and literals (RFC 9051 §4.3, RFC 7888), parses (command_table.h), answers BAD to what is no command
// and BYE to what passes a limit. Letters are not collected: after an Append the octets come as AppendPiece. SASL and
// IDLE are lines too, in a mode the owner switches on.
//
//   receiver.feed(chunk);
//   while (auto event = receiver.next(out)) { ... }
#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/error.h"
#include "proto/imap/command.h"
#include "proto/imap/command_table.h"
#include "proto/imap/limits.h"
#include "proto/imap/literal.h"

namespace chappe::proto::imap {

// Octets of the letter that the last Append announced, in order.
struct AppendPiece {
  Chunk octets;
};
// The letter and its command are complete: answer.
struct AppendEnd {};
// The command broke behind its letter, and was answered BAD: forget the letter.
struct AppendAborted {};
// The client's next word in AUTHENTICATE.
struct SaslResponse {
  Bytes octets;            // decoded
  bool cancelled = false;  // the client sent "*", or no base64: answer BAD (RFC 9051 §6.2.2)
};
// IDLE ended; when `done` is false by something else than DONE: answer BAD.
struct IdleEnd {
  bool done = true;
};
// BYE was written; send it and close. No event follows.
struct Closed {};

using Event = std::variant<Command, AppendPiece, AppendEnd, AppendAborted, SaslResponse, IdleEnd, Closed>;

class Receiver {
 public:
  explicit Receiver(const Limits& limits = {}) : limits_(limits) {}
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // What is true of the session; the owner sets it before it calls next().
  Facts& facts() { return facts_; }
  const Facts& facts() const { return facts_; }
  const Limits& limits() const { return limits_; }

  // Takes octets from the client; shares the chunk's buffer only while a letter's octets in it are not yet taken.
  void feed(Chunk octets);
  // The next event, or nothing until more is fed. Protocol answers are appended to `out`.
  std::optional<Event> next(Bytes& out);

  // Whether nothing of a next command has come yet (its owner may then send what it likes, and waits longer).
  bool between_commands() const { return mode_ == Mode::command && command_.empty() && input_.empty(); }

  // After Append: the letter may come (RFC 9051 §4.3: "+" for a synchronizing literal).
  void accept_append(Bytes& out);
  // After Append: `answer`, a tagged line with CRLF, is sent instead, at once when the client waits, behind the
  // letter's octets (which are dropped, or end the connection) when it does not. No AppendEnd follows.
  void refuse_append(Bytes answer, Bytes& out);
  // After Authenticate or SaslResponse: sends the challenge and waits for a SaslResponse.
  void challenge(ByteView octets, Bytes& out);
  // After Idle: sends the continuation and waits for DONE.
  void start_idle(Bytes& out);
  // After Starttls was answered OK: forgets all that came in the clear behind it (RFC 9051 §11.1, command injection).
  void start_tls();

 private:
  enum class Mode : std::uint8_t {
    command,
    literal,
    append_asked,
    append_data,
    append_tail,
    discard,
    sasl,
    idle,
    closed
  };

  Chunk take(std::uint64_t most);
  void drop(std::size_t size);
  std::optional<Event> line(Bytes& out);
  std::optional<Event> command_line(Bytes& out);
  std::optional<Event> sasl_line();
  std::optional<Event> append_tail(Bytes& out);
  std::optional<Event> announced(const LiteralMark& literal, Bytes& out);
  std::optional<Event> letter(const LiteralMark& literal, CommandHead& head, Cursor& cursor, Bytes& out);
  std::optional<Event> refuse_literal(const LiteralMark& literal, Bytes answer, Bytes& out);
  std::optional<Event> bye(ByteView text, Bytes& out);
  std::optional<Event> bad(ByteView tag, const Error& error, Bytes& out);
  std::optional<Event> count_bad(Bytes& out);
  Bytes answer(ByteView tag, const Error& error) const;
  std::size_t line_limit() const;
  bool before_login() const { return facts_.state == State::not_authenticated; }
  void reset();

  Limits limits_;
  Facts facts_;
  Mode mode_ = Mode::command;
  std::deque<Chunk> input_;
  Bytes command_;               // lines and literals so far, without the last CRLF
  std::size_t line_start_ = 0;  // of the line that is being read, in command_
  std::uint64_t literal_left_ = 0;
  std::uint64_t discarded_ = 0;
  int literals_ = 0;
  int bad_in_a_row_ = 0;
  Bytes append_tag_;
  bool append_utf8_ = false;
  bool append_synchronizing_ = false;
  Bytes refusal_;  // the answer to give when the command's octets have been dropped
};

}  // namespace chappe::proto::imap
