#include "message/lexer.h"

namespace chappe::message {

bool Lexer::skip_cfws(std::string* comment) {
  for (;;) {
    skip_fws();
    if (rest_.empty() || rest_.front() != '(') return true;
    // A counter, not recursion: comments nest as deep as their sender likes.
    std::size_t depth = 0, i = 0;
    if (comment != nullptr && !comment->empty()) *comment += ' ';
    for (; i < rest_.size(); ++i) {
      char c = rest_[i];
      if (c == '(' && ++depth == 1) continue;
      if (c == ')' && --depth == 0) break;
      if (c == '\r' || c == '\n') continue;
      if (c == '\\' && i + 1 < rest_.size()) c = rest_[++i];
      if (comment != nullptr) *comment += c;
    }
    if (i == rest_.size()) {
      rest_ = {};
      return false;
    }
    rest_.remove_prefix(i + 1);
  }
}

ByteView Lexer::take_delimited(char close, bool& closed) {
  std::size_t i = 1;
  while (i < rest_.size() && rest_[i] != close) i += rest_[i] == '\\' ? 2 : 1;
  closed = i < rest_.size();
  if (!closed) i = rest_.size();
  const ByteView inside = rest_.substr(1, i - 1);
  rest_.remove_prefix(closed ? i + 1 : i);
  return inside;
}

std::string unquote(ByteView inside) {
  std::string out;
  out.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    char c = inside[i];
    if (c == '\\' && i + 1 < inside.size()) c = inside[++i];
    if (c == '\r' || c == '\n') continue;
    out += c;
  }
  return out;
}

}  // namespace chappe::message
