#include "message/content.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.h"
#include "codec/charset.h"
#include "codec/utf8.h"
#include "message/lexer.h"
#include "message/words.h"

namespace chappe::message {
namespace {

int hex(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// RFC 2231 §4; a "%" that starts no escape stays.
Bytes percent_decode(ByteView s) {
  Bytes out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '%' && i + 2 < s.size() && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
      out += static_cast<char>(hex(s[i + 1]) << 4 | hex(s[i + 2]));
      i += 2;
    } else {
      out += s[i];
    }
  }
  return out;
}

// A parameter's name taken apart: base, number of the piece (-1: whole), percent escapes or not.
struct Piece {
  std::string base;
  int number = -1;
  bool extended = false;
  ByteView value;
  std::size_t order = 0;
};

Piece split_name(const RawParameter& raw, std::size_t order) {
  Piece p;
  p.value = raw.value;
  p.order = order;
  ByteView name = raw.name;
  if (name.ends_with('*')) {
    p.extended = true;
    name.remove_suffix(1);
  }
  const std::size_t star = name.rfind('*');
  if (star != ByteView::npos) {
    if (const auto number = to_number<std::uint16_t>(name.substr(star + 1))) {
      p.number = *number;
      name = name.substr(0, star);
    }
  }
  p.base = to_lower(name);
  return p;
}

// charset'language'text; the charset of the first piece counts for all (RFC 2231 §4.1).
void take_charset(ByteView& value, std::string& charset, std::string& language) {
  const std::size_t first = value.find('\'');
  if (first == ByteView::npos) return;
  const std::size_t second = value.find('\'', first + 1);
  if (second == ByteView::npos) return;
  charset = value.substr(0, first);
  language = value.substr(first + 1, second - first - 1);
  value.remove_prefix(second + 1);
}

std::string one_line(std::string s) {
  for (char& c : s)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  return s;
}

// A value in the plain form of RFC 2045, and what people make of it.
std::string decode_plain(const Piece& p, Findings& findings) {
  const std::string text = unquote(p.value);
  if (has_encoded_word(text)) {
    findings.add(Finding::word_in_quoted);  // RFC 2047 §5: not in a parameter
    return decode_text(text, &findings);
  }
  return one_line(codec::to_utf8(text, "").text);
}

// Percent escapes and charset of RFC 2231 §4, of one value or of all its pieces.
std::string decode_extended(const Bytes& bytes, const std::string& charset, Findings& findings) {
  const codec::Converted c = codec::to_utf8(bytes, charset);
  if (!c.known || c.errors != 0) findings.add(Finding::parameter_invalid);
  return one_line(has_encoded_word(c.text) ? decode_text(c.text, &findings) : c.text);
}

// `pieces` of one parameter, sorted by number. The extended form wins over the pieces, and these over the plain form,
// which stands beside them for old readers.
Parameter assemble(const std::vector<const Piece*>& pieces, Findings& findings) {
  Parameter out{pieces.front()->base, {}, {}};
  const Piece* plain = nullptr;
  std::string charset;
  for (const Piece* p : pieces) {
    if (p->number >= 0) break;
    if (p->extended) {
      ByteView value = p->value;
      take_charset(value, charset, out.language);
      out.value = decode_extended(percent_decode(value), charset, findings);
      return out;
    }
    if (plain == nullptr) plain = p;
  }
  Bytes bytes;
  int expected = 0;
  for (const Piece* p : pieces) {
    if (p->number < expected) continue;  // whole ones, and repeated numbers
    if (p->number > expected) {
      findings.add(Finding::parameter_invalid);  // a gap ends the value (RFC 2231 §3)
      break;
    }
    ByteView value = p->value;
    if (p->extended) {
      if (expected == 0) take_charset(value, charset, out.language);
      bytes += percent_decode(value);
    } else {
      bytes += unquote(value);
    }
    ++expected;
  }
  if (expected > 0) {
    out.value = decode_extended(bytes, charset, findings);
  } else if (plain != nullptr) {
    out.value = decode_plain(*plain, findings);
  }
  return out;
}

}  // namespace

bool ParameterScanner::next(RawParameter& out) {
  Lexer lexer(rest_);
  for (;;) {
    do {
      if (!lexer.skip_cfws()) guessed_ = true;
    } while (lexer.take(';'));
    if (lexer.done()) {
      rest_ = {};
      return false;
    }
    out.name = lexer.take_while(is_token);
    if (out.name.empty()) {
      guessed_ = true;
      bool closed = false;
      if (lexer.peek() == '"') {
        lexer.take_quoted(closed);
      } else {
        lexer.skip(1);
      }
      continue;
    }
    lexer.skip_cfws();
    if (!lexer.take('=')) {
      guessed_ = true;
      continue;
    }
    lexer.skip_cfws();
    out.quoted = !lexer.done() && lexer.peek() == '"';
    if (out.quoted) {
      bool closed = false;
      out.value = lexer.take_quoted(closed);
      if (!closed) guessed_ = true;
      rest_ = lexer.rest();
      return true;
    }
    // A token; and, because people leave out the quotes, the words behind it that start no other parameter.
    const ByteView start = lexer.rest();
    std::size_t size = 0;
    for (;;) {
      const ByteView word = lexer.take_while([](char c) { return c != ';' && c != '(' && !is_fws(c); });
      size = static_cast<std::size_t>(lexer.rest().data() - start.data());
      if (!std::all_of(word.begin(), word.end(), is_token)) guessed_ = true;
      lexer.skip_fws();
      if (lexer.done() || lexer.peek() == ';' || lexer.peek() == '(') break;
      Lexer ahead = lexer;
      const bool name = !ahead.take_while(is_token).empty();
      ahead.skip_fws();
      guessed_ = true;
      if (name && !ahead.done() && ahead.peek() == '=') break;
    }
    out.value = start.substr(0, size);
    rest_ = lexer.rest();
    return true;
  }
}

std::optional<MediaType> scan_media_type(ByteView value) {
  Lexer lexer(value);
  MediaType out;
  lexer.skip_cfws();
  out.type = lexer.take_while(is_token);
  lexer.skip_cfws();
  if (out.type.empty() || !lexer.take('/')) return std::nullopt;
  lexer.skip_cfws();
  out.subtype = lexer.take_while(is_token);
  if (out.subtype.empty()) return std::nullopt;
  out.rest = lexer.rest();
  return out;
}

const std::string* Parameters::find(ByteView name) const {
  for (const Parameter& p : list)
    if (p.name == name) return &p.value;
  return nullptr;
}

Parameters decode_parameters(ByteView rest) {
  Parameters out;
  ParameterScanner scanner(rest);
  RawParameter raw;
  std::vector<Piece> pieces;
  while (scanner.next(raw)) {
    if (pieces.size() == Parameters::kMax) {
      out.findings.add(Finding::parameter_invalid);
      break;
    }
    pieces.push_back(split_name(raw, pieces.size()));
  }
  if (scanner.guessed()) out.findings.add(Finding::parameter_invalid);
  std::map<std::string_view, std::vector<const Piece*>> by_name;
  for (const Piece& p : pieces) by_name[p.base].push_back(&p);
  std::vector<std::pair<std::size_t, Parameter>> ordered;
  for (auto& [name, group] : by_name) {
    const std::size_t order = group.front()->order;
    std::sort(group.begin(), group.end(), [](const Piece* a, const Piece* b) {
      return std::pair(a->number, a->order) < std::pair(b->number, b->order);
    });
    for (std::size_t i = 1; i < group.size(); ++i)
      if (group[i]->number == group[i - 1]->number && group[i]->extended == group[i - 1]->extended)
        out.findings.add(Finding::parameter_duplicate);
    ordered.emplace_back(order, assemble(group, out.findings));
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [order, parameter] : ordered) out.list.push_back(std::move(parameter));
  return out;
}

ContentType parse_content_type(ByteView value) {
  const auto media = scan_media_type(value);
  if (media) return {to_lower(media->type), to_lower(media->subtype), true, decode_parameters(media->rest)};
  const std::size_t semicolon = value.find(';');
  return {"text", "plain", false,
          decode_parameters(semicolon == ByteView::npos ? ByteView() : value.substr(semicolon))};
}

Disposition parse_disposition(ByteView value) {
  Lexer lexer(value);
  lexer.skip_cfws();
  Disposition out;
  // A parameter where the kind should be ("filename=x" alone) is a parameter.
  Lexer kind = lexer;
  out.kind = to_lower(kind.take_while(is_token));
  kind.skip_cfws();
  if (!kind.done() && kind.peek() == '=') {
    out.kind = "attachment";
  } else {
    lexer = kind;
  }
  if (!out.kind.empty() && out.kind != "inline") out.kind = "attachment";  // RFC 2183 §2.8
  out.parameters = decode_parameters(lexer.rest());
  return out;
}

Encoding parse_encoding(ByteView value) {
  Lexer lexer(value);
  lexer.skip_cfws();
  if (!lexer.done() && lexer.peek() == '"') lexer.skip(1);
  const ByteView token = lexer.take_while(is_token);
  if (token.empty()) return Encoding::seven_bit;
  for (const Encoding e :
       {Encoding::seven_bit, Encoding::eight_bit, Encoding::binary, Encoding::quoted_printable, Encoding::base64})
    if (iequals(token, encoding_name(e))) return e;
  return Encoding::unknown;
}

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::seven_bit:
      return "7bit";
    case Encoding::eight_bit:
      return "8bit";
    case Encoding::binary:
      return "binary";
    case Encoding::quoted_printable:
      return "quoted-printable";
    case Encoding::base64:
      return "base64";
    case Encoding::unknown:
      break;
  }
  return "unknown";
}

}  // namespace chappe::message
