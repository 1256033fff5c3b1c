// An SMTP reply: a code, an enhanced status code, some text (RFC 5321 §4.2, RFC 2034, RFC 3463). A value; the server
// machine writes it, the client machine reads it. Nothing here blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/result.h"
#include "proto/smtp/rules.h"

namespace chappe::proto::smtp {

// RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, code and <CRLF> included.
inline constexpr std::size_t kMaxReplyLine = 512;

struct Reply {
  int code = 0;          // 200 to 599
  std::string enhanced;  // "2.1.5", or empty
  std::string text;  // several lines are separated by '\n'; may come from outside: what is unfit is escaped on writing

  Reply() = default;
  Reply(int code_, std::string_view enhanced_, std::string_view text_)
      : code(code_), enhanced(enhanced_), text(text_) {}
  // What the machine itself would say.
  explicit Reply(Rule rule) : Reply(rule_row(rule).code, rule_row(rule).enhanced, rule_row(rule).text) {}
  // What an Error says at this door, by the table in base/error.cc.
  explicit Reply(const Error& error)
      : Reply(error_row(error.code()).smtp, error_row(error.code()).enhanced, error.text()) {}

  bool positive() const { return code >= 200 && code < 300; }  // RFC 5321 §4.2.1
  bool intermediate() const { return code >= 300 && code < 400; }
  bool transient() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500 && code < 600; }

  bool operator==(const Reply&) const = default;
};

// Appends the reply to `out` as it goes over the wire, the enhanced code on each of its lines (RFC 2034 §4). CR, other
// controls, DEL and octets beyond ASCII become \xNN, so that no text can end a line or start another reply
// (RFC 5321 §4.2: textstring); what is longer than a line may be is folded into several lines of the same reply, at a
// space where there is one.
void append_reply(Bytes& out, int code, std::string_view enhanced, std::string_view text);
inline void append_reply(Bytes& out, const Reply& r) { append_reply(out, r.code, r.enhanced, r.text); }

// Reads replies of a peer: fed bytes, gives one reply after another. It takes what real servers send: lines that end
// in a bare LF, a code without text, different enhanced codes on the lines of one reply; but the codes of one reply
// must agree (RFC 5321 §4.2.1), and what it holds is bounded. After a failure it stays failed.
class ReplyParser {
 public:
  struct Limits {
    std::size_t line = 4096;        // longer than RFC 5321 §4.5.3.1.5, because peers are
    std::size_t reply = 64 * 1024;  // octets of one reply, all lines together
  };
  ReplyParser() = default;
  explicit ReplyParser(Limits limits) : limits_(limits) {}

  // Takes bytes from the front of `bytes` (which advances) up to the end of one reply. True: `reply()` is complete.
  // False: all bytes are taken, feed more. Errc::invalid: this is not SMTP. Errc::too_large: a limit.
  Result<bool> feed(ByteView& bytes);
  // The reply that was completed last. `text` has the peer's lines with the enhanced code taken off, as they came:
  // escape them before they meet a log or a terminal.
  const Reply& reply() const { return reply_; }
  // The peer's exact words: all lines with their codes, <CRLF> as '\n', without the last.
  const std::string& words() const { return words_; }
  // True between the first octet of a reply and its end.
  bool midway() const { return !line_.empty() || open_; }

 private:
  Result<bool> take_line(ByteView line);

  Limits limits_;
  std::string line_;
  std::string words_;
  Reply reply_;
  bool open_ = false;  // a reply has begun and its last line has not come
  bool failed_ = false;
};

}  // namespace chappe::proto::smtp
