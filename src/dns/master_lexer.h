// Words and entries of a master file (RFC 1035 §5.1): blanks part words, parentheses join lines, a semicolon begins a
// comment, quotes hold blanks together. Escapes stay in the words. A view on a text that its owner keeps.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dns/rdata.h"

namespace chappe::dns {

class MasterLexer {
 public:
  struct Entry {
    std::size_t line = 0;   // where it begins, from 1
    bool indented = false;  // it begins with a blank: the owner is that of the entry before
    std::vector<Token> words;
  };

  explicit MasterLexer(std::string_view text) : text_(text) {}

  // The next entry that has a word; nothing at the end. Errc::invalid: quotes or parentheses that do not match; line()
  // is where.
  Result<std::optional<Entry>> next();
  std::size_t line() const { return line_; }

 private:
  Result<Token> quoted();
  Token bare();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace chappe::dns
