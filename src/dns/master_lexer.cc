#include "dns/master_lexer.h"

#include <algorithm>

namespace chappe::dns {
namespace {

constexpr std::string_view kEndOfWord = " \t\r\n;()\"";

}  // namespace

Result<Token> MasterLexer::quoted() {
  Token word{.text = {}, .quoted = true};
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return word;
    }
    if (c == '\n') break;
    word.text += c;
    if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') word.text += text_[++at_];
  }
  return fail(Errc::invalid, "a quoted string has no end; close it with \" on the same line");
}

Token MasterLexer::bare() {
  Token word;
  for (; at_ < text_.size() && !kEndOfWord.contains(text_[at_]); ++at_) {
    word.text += text_[at_];
    if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') word.text += text_[++at_];
  }
  return word;
}

Result<std::optional<MasterLexer::Entry>> MasterLexer::next() {
  Entry entry;
  int depth = 0;
  bool line_start = true;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') {
      if (depth == 0 && !entry.words.empty()) break;
      ++at_;
      ++line_;
      line_start = depth == 0;
    } else if (c == ';') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (line_start && entry.words.empty()) entry.indented = true;
      line_start = false;
      ++at_;
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
      if (depth < 0) return fail(Errc::invalid, "a ) without its (");
      line_start = false;
      ++at_;
    } else {
      if (entry.words.empty()) {
        entry.line = line_;
        if (line_start) entry.indented = false;
      }
      line_start = false;
      entry.words.push_back(c == '"' ? TRY(quoted()) : bare());
    }
  }
  if (depth > 0) return fail(Errc::invalid, "a ( is never closed");
  if (entry.words.empty()) return std::optional<Entry>();
  return std::optional(std::move(entry));
}

}  // namespace chappe::dns
