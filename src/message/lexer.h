// The lexical pieces that all structured fields share: folding white space, comments, quoted strings, atoms
// (RFC 5322 §3.2, obsolete forms of §4 included). A Lexer is a cursor on a raw field value; it never moves backwards
// over what it has taken, so that what is built on it is linear.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/text.h"

namespace chappe::message {

constexpr bool is_fws(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// RFC 5322 §3.2.3; RFC 6532 §3.2 adds everything above ASCII.
constexpr bool is_atext(char c) {
  if (is_alnum(c) || is_8bit(c)) return true;
  switch (c) {
    case '!':
    case '#':
    case '$':
    case '%':
    case '&':
    case '\'':
    case '*':
    case '+':
    case '-':
    case '/':
    case '=':
    case '?':
    case '^':
    case '_':
    case '`':
    case '{':
    case '|':
    case '}':
    case '~':
      return true;
    default:
      return false;
  }
}

// RFC 2045 §5.1, and everything above ASCII.
constexpr bool is_token(char c) {
  if (is_ctl(c) || c == ' ') return false;
  switch (c) {
    case '(':
    case ')':
    case '<':
    case '>':
    case '@':
    case ',':
    case ';':
    case ':':
    case '\\':
    case '"':
    case '/':
    case '[':
    case ']':
    case '?':
    case '=':
      return false;
    default:
      return true;
  }
}

class Lexer {
 public:
  explicit Lexer(ByteView value) : rest_(value) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.front(); }
  ByteView rest() const { return rest_; }
  void skip(std::size_t n) { rest_.remove_prefix(n); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Skips blanks, line ends and comments (CFWS). The text of comments, unescaped, nested ones with their
  // parentheses, is appended to `comment` if given, separated by a blank. False when a comment is not closed: then
  // everything has been taken.
  bool skip_cfws(std::string* comment = nullptr);
  void skip_fws() {
    while (!rest_.empty() && is_fws(rest_.front())) rest_.remove_prefix(1);
  }
  // The octets for which `pred` holds.
  template <class Pred>
  ByteView take_while(Pred pred) {
    std::size_t n = 0;
    while (n < rest_.size() && pred(rest_[n])) ++n;
    const ByteView out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  // With peek() at an opening quote: the inside as written; `closed` says whether there was a closing one.
  ByteView take_quoted(bool& closed) { return take_delimited('"', closed); }
  // With peek() at "[": the inside of a domain literal as written.
  ByteView take_literal(bool& closed) { return take_delimited(']', closed); }

 private:
  ByteView take_delimited(char close, bool& closed);
  ByteView rest_;
};

// The inside of a quoted string as it is meant: backslashes taken off, line ends dropped (RFC 5322 §3.2.4).
std::string unquote(ByteView inside);

}  // namespace chappe::message
