#include "message/ids.h"

#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/lexer.h"
#include "message/words.h"

namespace chappe::message {
namespace {

// Without what no identifier can hold: blanks and control characters.
std::string clean(ByteView inside) {
  std::string out;
  for (const char c : inside)
    if (!is_fws(c) && !is_ctl(c)) out += c;
  return codec::utf8_repair(out);
}

// Calls `take` with the inside of each pair of angle brackets and whether it was closed; true if anything stood
// between.
template <class Take>
bool each_bracket(ByteView value, Take take) {
  Lexer lexer(value);
  bool other = false;
  while (true) {
    lexer.skip_cfws();
    if (lexer.done()) return other;
    if (lexer.take('<')) {
      const ByteView inside = lexer.take_while([](char c) { return c != '>' && c != '<'; });
      take(inside, lexer.take('>'));
    } else if (lexer.peek() == '"') {
      bool closed = false;
      lexer.take_quoted(closed);
      other = true;
    } else {
      lexer.take_while([](char c) { return c != '<' && c != '"' && c != '(' && !is_fws(c); });
      other = true;
    }
  }
}

}  // namespace

MessageIds parse_message_ids(ByteView value) {
  MessageIds out;
  const auto add = [&out](ByteView inside) {
    std::string id = clean(inside);
    // RFC 5322 §3.6.4: one "@" with something on both sides. Others exist, and replies refer to them.
    const std::size_t at = id.find('@');
    if (at == 0 || at == std::string::npos || at + 1 == id.size() || id.size() != inside.size())
      out.findings.add(Finding::message_id_invalid);
    if (!id.empty() && out.list.size() < MessageIds::kMax) out.list.push_back(std::move(id));
  };
  const bool other = each_bracket(value, [&](ByteView inside, bool closed) {
    if (!closed) out.findings.add(Finding::message_id_invalid);
    add(inside);
  });
  if (other) out.findings.add(Finding::message_id_invalid);
  if (!out.list.empty() || !other) return out;
  Lexer lexer(value);
  for (lexer.skip_cfws(); !lexer.done(); lexer.skip_cfws()) {
    const ByteView word = lexer.take_while([](char c) { return c != '(' && c != ',' && !is_fws(c); });
    if (!word.empty()) add(word);
    lexer.take(',');
  }
  return out;
}

std::optional<std::string> parse_message_id(ByteView value) {
  MessageIds ids = parse_message_ids(value);
  if (ids.list.empty()) return std::nullopt;
  return std::move(ids.list.front());
}

std::optional<ListId> parse_list_id(ByteView value) {
  const std::size_t open = value.rfind('<');
  ListId out;
  if (open == ByteView::npos) {
    out.id = to_lower(clean(value));
  } else {
    ByteView inside = value.substr(open + 1);
    inside = inside.substr(0, inside.find('>'));
    out.id = to_lower(clean(inside));
    ByteView phrase = trim(value.substr(0, open));
    if (phrase.size() >= 2 && phrase.front() == '"' && phrase.back() == '"')
      out.description = decode_text(unquote(phrase.substr(1, phrase.size() - 2)));
    else
      out.description = decode_text(phrase);
  }
  if (out.id.empty()) return std::nullopt;
  return out;
}

std::vector<std::string> parse_list_uris(ByteView value) {
  std::vector<std::string> out;
  each_bracket(value, [&out](ByteView inside, bool closed) {
    std::string uri = clean(inside);
    if (closed && !uri.empty() && out.size() < MessageIds::kMax) out.push_back(std::move(uri));
  });
  return out;
}

}  // namespace chappe::message
