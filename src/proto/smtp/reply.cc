#include "proto/smtp/reply.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace chappe::proto::smtp {
namespace {

bool printable_byte(char c) { return !is_ctl(c) && !is_8bit(c); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (printable_byte(c) || c == '\n') {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

void append_line(Bytes& out, int code, char mark, std::string_view enhanced, std::string_view text) {
  out += static_cast<char>('0' + code / 100 % 10);
  out += static_cast<char>('0' + code / 10 % 10);
  out += static_cast<char>('0' + code % 10);
  out += mark;
  if (!enhanced.empty()) {
    out += enhanced;
    if (!text.empty()) out += ' ';
  }
  out += text;
  out += "\r\n";
}

// "2.1.5" at the front of a line, followed by a space or the end (RFC 2034 §4); its length, or 0.
std::size_t enhanced_length(std::string_view s) {
  if (s.empty() || (s[0] != '2' && s[0] != '4' && s[0] != '5')) return 0;
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= s.size() || s[at] != '.') return 0;
    const std::size_t digits = ++at;
    while (at < s.size() && is_digit(s[at])) ++at;
    if (at == digits || at - digits > 3) return 0;  // RFC 3463 §2
  }
  return at == s.size() || s[at] == ' ' ? at : 0;
}

}  // namespace

void append_reply(Bytes& out, int code, std::string_view enhanced, std::string_view text) {
  std::string clean;
  if (!std::ranges::all_of(text, printable_byte)) {
    clean = escaped(text);
    text = clean;
  }
  const std::size_t room = kMaxReplyLine - 6 - (enhanced.empty() ? 0 : enhanced.size() + 1);
  for (;;) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::size_t n = end, skip = end < text.size() ? 1 : 0;
    if (n > room) {
      n = room;
      skip = 0;
      if (const std::size_t space = text.rfind(' ', room); space != std::string_view::npos && space > 0) {
        n = space;
        skip = 1;
      }
    }
    const bool last = n + skip >= text.size();
    append_line(out, code, last ? ' ' : '-', enhanced, text.substr(0, n));
    if (last) return;
    text.remove_prefix(n + skip);
  }
}

Result<bool> ReplyParser::feed(ByteView& bytes) {
  if (failed_) return fail(Errc::invalid, "the peer does not speak SMTP");
  while (!bytes.empty()) {
    const std::size_t nl = bytes.find('\n');
    const ByteView part = bytes.substr(0, nl);
    if (line_.size() + part.size() > limits_.line || words_.size() + line_.size() + part.size() > limits_.reply) {
      failed_ = true;
      if (line_.size() + part.size() > limits_.line)
        return fail(Errc::too_large, "a line of the peer's reply is longer than {} octets", limits_.line);
      return fail(Errc::too_large, "the peer's reply is longer than {} octets", limits_.reply);
    }
    line_ += part;
    bytes.remove_prefix(std::min(part.size() + 1, bytes.size()));
    if (nl == ByteView::npos) return false;
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    auto done = take_line(line_);
    line_.clear();
    if (!done) failed_ = true;
    if (!done || *done) return done;
  }
  return false;
}

Result<bool> ReplyParser::take_line(ByteView line) {
  const bool coded = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) && is_digit(line[2]) &&
                     (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!coded) return fail(Errc::invalid, "not an SMTP reply: {}", printable(line, 80));
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!open_) {
    reply_ = Reply();
    words_.clear();
    reply_.code = code;
  } else if (code != reply_.code) {
    return fail(Errc::invalid, "the lines of one reply have different codes: {} and {}", reply_.code, code);
  } else {
    words_ += '\n';
    reply_.text += '\n';
  }
  words_ += line;
  ByteView text = line.substr(std::min<std::size_t>(4, line.size()));
  if (const std::size_t n = enhanced_length(text); n > 0) {
    if (reply_.enhanced.empty()) reply_.enhanced = text.substr(0, n);
    text.remove_prefix(std::min(n + 1, text.size()));
  }
  reply_.text += text;
  open_ = line.size() > 3 && line[3] == '-';
  return !open_;
}

}  // namespace chappe::proto::smtp
