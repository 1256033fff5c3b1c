// The server side of POP3, without I/O: fed octets, it gives events and octets to send. One machine serves one
// connection, owned by whoever owns the connection, on that one's shard; it never blocks and knows no clock. RFC 1939,
// 2449, 2595, 3206, 5034, 6856.
//
// The driver's loop is that of proto/smtp/server.h: greet(); then next() again and again, feed() on NeedInput, an
// answer to each question, take_output() written when the machine says so. The maildrop is given once, with log_in();
// the machine keeps its list (RFC 1939 §5: it does not change under the session) and asks for letters one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "codec/letter_writer.h"
#include "codec/line_reader.h"
#include "proto/pop3/commands/commands.h"
#include "proto/pop3/events.h"
#include "proto/pop3/options.h"
#include "proto/pop3/session.h"

namespace chappe::proto::pop3 {

class ServerMachine {
 public:
  // `tls`: the connection is inside TLS from its beginning (port 995, RFC 8314 §3.2).
  explicit ServerMachine(std::shared_ptr<const ServerOptions> options, bool tls = false);

  void greet();
  // Takes octets from the peer; only when next() said NeedInput, so that what is held stays bounded.
  void feed(Chunk octets);
  void feed(ByteView octets) { feed(Chunk::copy_of(octets)); }
  // The peer has closed: Close follows, nothing is deleted (RFC 1939 §6).
  void feed_end() { lost_ = true; }
  Event next();

  // ---- answers to the last question
  void accept();  // StartTls, Update
  // Login, AuthBegin, AuthResponse: the maildrop as it is now.
  void log_in(std::vector<Item> maildrop);
  // "-ERR [code] text". `code` as RFC 2449 §8 and RFC 3206 have them: "AUTH", "IN-USE", "SYS/TEMP", or empty.
  void reject(std::string_view text, std::string_view code = "");
  void challenge(ByteView octets);
  // Retrieve: send_begin(), then the stored octets of the letter piece by piece, then letter_end(). Lines are mended
  // and dots stuffed on the way, the octets are not copied. Write take_output() in between.
  void send_begin();
  void letter(const Chunk& piece);
  // False when TOP has all its lines: letter_end() may be called at once.
  bool wants_letter() const { return sending_ && !top_done_; }
  void letter_end();

  void tls_started();
  // Ends the session at any moment; nothing is deleted.
  void close(CloseReason reason, std::string_view text);

  const ChunkList& output() const { return out_; }
  ChunkList take_output();

  const Session& session() const { return session_; }
  // Indexes of the letters that DELE named, in ascending order.
  std::vector<std::size_t> deleted() const;
  // Octets held: input not looked at and output not taken.
  std::size_t held() const { return lines_.held() + out_.size() + text_.size(); }

 private:
  enum class Mode : std::uint8_t { commands, auth, listing, tls, closed };
  enum class Question : std::uint8_t { none, starttls, login, retrieve, update };

  std::optional<Event> step_command();
  std::optional<Event> step_auth();
  void step_listing();
  std::optional<Event> dispatch(ByteView line);
  Event refuse(std::string_view text, ByteView line);
  void say(ByteView line);
  void flush_text();
  void say_capabilities();
  void close_now(CloseReason reason);

  std::shared_ptr<const ServerOptions> options_;
  Session session_;
  codec::LineReader lines_;
  Mode mode_ = Mode::commands;
  Question question_ = Question::none;
  Close close_;
  bool lost_ = false;
  std::optional<Event> waiting_;  // a notice that follows the one just given
  std::size_t errors_ = 0, auth_failures_ = 0;

  bool listing_uids_ = false;
  std::size_t listing_at_ = 0;

  Retrieve wanted_;
  bool sending_ = false, top_done_ = false;
  bool in_header_ = true;
  bool line_empty_ = true;  // the line of the letter in work has nothing but perhaps a <CR>
  std::uint64_t body_lines_ = 0;
  std::optional<codec::LetterWriter> writer_;

  Bytes text_;  // replies, gathered before they go to out_
  ChunkList out_;
};

}  // namespace chappe::proto::pop3
