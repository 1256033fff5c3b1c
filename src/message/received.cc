#include "message/received.h"

#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/lexer.h"

namespace chappe::message {

Received parse_received(ByteView value) {
  Received out;
  // The date follows the last ";" that is not in a comment or quotes (RFC 5321 §4.4).
  ByteView date;
  Lexer lexer(value);
  std::string* clause = nullptr;
  std::string comment;
  const auto end_word = [&] {
    if (clause == &out.from && !comment.empty()) {
      if (!out.from_comment.empty()) out.from_comment += ' ';
      out.from_comment += codec::utf8_repair(comment);
    }
    comment.clear();
  };
  for (;;) {
    lexer.skip_cfws(&comment);
    end_word();
    if (lexer.done()) break;
    if (lexer.take(';')) {
      date = lexer.rest();
      clause = nullptr;
      continue;
    }
    ByteView word;
    if (lexer.peek() == '<') {
      lexer.skip(1);
      word = lexer.take_while([](char c) { return c != '>'; });
      lexer.take('>');
    } else if (lexer.peek() == '"') {
      bool closed = false;
      word = lexer.take_quoted(closed);
    } else if (lexer.peek() == '[') {
      const ByteView start = lexer.rest();
      bool closed = false;
      lexer.take_literal(closed);
      word = start.substr(0, start.size() - lexer.rest().size());
    } else {
      word = lexer.take_while([](char c) { return c != ';' && c != '(' && c != '<' && !is_fws(c); });
    }
    std::string* const named = iequals(word, "from")   ? &out.from
                               : iequals(word, "by")   ? &out.by
                               : iequals(word, "via")  ? &out.via
                               : iequals(word, "with") ? &out.with
                               : iequals(word, "id")   ? &out.id
                               : iequals(word, "for")  ? &out.for_
                                                       : nullptr;
    // A clause is one word; the first of its name counts.
    if (named != nullptr) {
      clause = named;
    } else if (clause != nullptr && clause->empty()) {
      *clause = codec::utf8_repair(word.ends_with(',') ? word.substr(0, word.size() - 1) : word);
    }
  }
  if (!date.empty()) out.date = parse_date(date);
  return out;
}

}  // namespace chappe::message
