// The client side of SMTP and LMTP, without I/O: it is told what to do, gives octets to send, is fed what the other
// side says, and reports the answers in the other side's own words. One machine serves one connection, owned by whoever
// owns the connection; it never blocks and knows no clock. RFC 5321, 1870, 2033, 2920, 3030, 3207, 3461, 4954, 6152,
// 6531.
//
// One operation at a time. The first is there from the beginning: the greeting and EHLO.
//
//   for (;;) switch (client.next()) {
//     case ClientEvent::need_input: write client.take_output(), read, client.feed(...)
//     case ClientEvent::need_tls:   write, shake hands, client.tls_started()
//     case ClientEvent::challenge:  client.respond(...) or client.cancel()
//     case ClientEvent::need_letter: client.letter(piece) … client.letter_end(), writing take_output() in between
//     case ClientEvent::done:       client.ok(), client.answer(); start the next operation
//     case ClientEvent::closed:     client.answer() has the last words, if any; close
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/letter_writer.h"
#include "proto/smtp/events.h"
#include "proto/smtp/reply.h"

namespace chappe::proto::smtp {

enum class ClientEvent : std::uint8_t { need_input, need_tls, challenge, need_letter, done, closed };

struct ClientOptions {
  std::string name = "localhost";  // what we call ourselves in EHLO
  bool lmtp = false;
  bool pipelining = true;          // use it where it is offered
  bool chunking = true;            // use BDAT where it is offered
  std::size_t rcpt_group = 100;    // RCPTs on their way without an answer, at most
  std::size_t chunk = 256 * 1024;  // octets in one BDAT, about
  std::size_t chunk_group = 8;     // BDATs on their way without an answer, at most
  ReplyParser::Limits replies = {};
};

// What the EHLO reply offered.
struct Extensions {
  bool extended = false;  // EHLO or LHLO was understood
  bool pipelining = false, starttls = false, eight_bit = false, smtputf8 = false, chunking = false, binarymime = false,
       dsn = false, folders = false;
  std::optional<std::uint64_t> size = {};  // RFC 1870: the largest letter; 0: no limit is told
  std::vector<std::string> auth = {};      // upper case
};

// A reply and the other side's exact words (untrusted: escape before showing). Without words it is our own verdict:
// the connection was lost, or the other side does not speak SMTP.
struct Answer {
  Reply reply = {};
  std::string words = {};
};

struct Recipient {
  std::string address = {};                // as Path::address() writes it
  std::optional<std::string> notify = {};  // RFC 3461 §4.1; sent only where DSN is offered
  std::optional<std::string> orcpt = {};   // RFC 3461 §4.2, in xtext already
  std::optional<std::string> folder = {};  // XFOLDER (options.h); sent only where it is offered
};

struct Envelope {
  std::string from = {};  // empty: <>
  std::vector<Recipient> recipients = {};
  std::optional<std::uint64_t> size = {};  // sent where SIZE is offered
  Body body = Body::unsaid;
  bool smtputf8 = false;
  std::optional<std::string> auth = {};  // RFC 4954 §5; sent after AUTH, and by LMTP where AUTH is offered
  std::optional<std::string> ret = {}, envid = {};
};

class ClientMachine {
 public:
  explicit ClientMachine(ClientOptions options);

  void feed(ByteView octets);
  // The other side has closed. Everything not answered yet gets 421 4.4.2 without words.
  void feed_end();
  ClientEvent next();
  ChunkList take_output();

  // ---- operations; only when next() said done. Errc::unsupported: the other side does not offer it.
  Result<> starttls();
  // After need_tls, when the handshake succeeded: EHLO is said anew (RFC 3207 §4.2).
  void tls_started();
  Result<> auth(std::string_view mechanism, std::optional<ByteView> initial);
  // A letter to one or more recipients. Errc::unsupported: it needs 8BITMIME, SMTPUTF8 or BINARYMIME, not offered.
  // Errc::too_large: over the other side's SIZE. Errc::invalid: an address that cannot be sent. Nothing is sent then.
  Result<> send(Envelope envelope);
  // Whether a letter with this envelope would be taken: MAIL, RCPT and RSET, no letter. Recipients may be missing: then
  // it is the sender that is asked about. Errors as for send().
  Result<> ask(Envelope envelope);
  void reset();
  void noop();
  void quit();

  // ---- answers to challenge and need_letter
  // The other side's challenge, decoded.
  const Bytes& challenge_octets() const { return challenge_; }
  void respond(ByteView octets);
  void cancel();
  // The next octets of the stored letter; lines are mended and dots stuffed on the way. There is no way to stop half
  // way but to close the connection, or the other side would take half a letter for a whole one.
  void letter(const Chunk& piece);
  void letter_end();

  // ---- what is going on
  // What is waited for, in words: "the greeting", "the answer to RCPT".
  std::string_view awaited() const;
  // Replies so far.
  std::uint64_t replies() const { return replies_; }

  // ---- what came of it
  // The operation succeeded; for send(): at least one recipient's letter was accepted; for ask(): the sender was, and
  // at least one recipient, if there are any.
  bool ok() const { return ok_; }
  // The reply that decided the operation.
  const Answer& answer() const { return answer_; }
  // After send(): for each recipient, in order, the refusal of MAIL, of RCPT or of the letter, or its acceptance. After
  // ask(): the same, without a letter.
  const std::vector<Answer>& results() const { return results_; }
  const Extensions& extensions() const { return extensions_; }
  // The greeting and the whole EHLO reply, as sent.
  const std::string& greeting() const { return greeting_; }
  const std::string& hello_words() const { return hello_words_; }
  bool authenticated() const { return authenticated_; }
  // The wire form of the last letter was not the stored form (codec::LetterWriter::altered).
  bool altered() const { return writer_ && writer_->altered(); }

 private:
  enum class Expect : std::uint8_t {
    greeting,
    ehlo,
    helo,
    starttls,
    auth,
    mail,
    rcpt,
    data,
    abort,
    letter,
    chunk,
    forget,
    plain,
    quit
  };
  enum class Phase : std::uint8_t { busy, idle, tls, challenge, envelope, letter, closed };
  struct Expected {
    Expect what;
    std::size_t recipient = 0;
  };

  void command(std::string_view line, Expected expected);
  void say_hello();
  void take(const Answer& answer);
  void take_hello(const Answer& answer, bool extended);
  void take_rcpt(std::size_t i, const Answer& answer);
  void take_data(const Answer& answer);
  void take_letter(Expected e, const Answer& answer);
  void pump();
  Result<> begin_envelope(Envelope envelope, bool asking);
  void send_mail();
  void send_rcpt(std::size_t i);
  void begin_letter();
  void flush_chunk(bool last);
  void finish_send();
  void finish_ask();
  void fail_rest(const Answer& answer);
  void finish(bool ok, Answer answer);
  void lose(Answer answer);
  static std::string_view awaited(Expect what);
  bool accepted(std::size_t i) const { return results_[i].reply.code == 0; }

  ClientOptions options_;
  ReplyParser parser_;
  Bytes input_;
  ChunkList out_;
  Phase phase_ = Phase::busy;
  std::deque<Expected> expected_;
  std::uint64_t replies_ = 0;
  Extensions extensions_;
  std::string greeting_, hello_words_;
  bool tls_ = false, authenticated_ = false;
  bool ok_ = false;
  Answer answer_;
  Bytes challenge_;

  // The letter under way.
  Envelope envelope_;
  std::vector<Answer> results_;  // reply.code 0: not refused so far
  std::size_t next_rcpt_ = 0;
  std::size_t accepted_ = 0;
  bool chunking_ = false, pipelining_ = false;
  bool mail_sent_ = false, mail_refused_ = false, data_sent_ = false, letter_ended_ = false;
  bool asking_ = false, reset_sent_ = false;
  bool needs_reset_ = false;
  std::optional<codec::LetterWriter> writer_;
  ChunkList chunk_;
};

}  // namespace chappe::proto::smtp
