#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/lexer.h"
#include "message/words.h"
#include "trust/authres/results.h"
#include "trust/mail_domain.h"

namespace chappe::trust::authres {
namespace {

using message::is_fws;
using message::is_token;

// RFC 5321 §4.1.2 Keyword
bool is_keyword(char c) { return is_alnum(c) || c == '-'; }
// What a value in its place may hold without quotes, beside a token: the local part of an address, and what people
// leave unquoted.
bool is_bare(char c) { return is_token(c) || c == '/' || c == '=' || c == ':' || c == '?'; }
bool is_domain_octet(char c) { return is_alnum(c) || is_8bit(c) || c == '-' || c == '_' || c == '.'; }

// Whether there are control characters other than blanks and the line ends of folding.
bool stray_octets(ByteView value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\r' ? i + 1 == value.size() || value[i + 1] != '\n' : is_ctl(c) && c != '\t' && c != '\n') return true;
  }
  return false;
}

class Parser {
 public:
  explicit Parser(ByteView value) : value_(value), lexer_(value) {}

  Reading run() {
    out_.fault = read();
    if (out_.fault) out_.at = value_.size() - lexer_.rest().size();
    return std::move(out_);
  }

 private:
  using Failed = std::optional<Fault>;

  Failed read() {
    if (value_.size() > Reading::kMaxOctets) return Fault::too_long;
    if (stray_octets(value_)) return Fault::control_octets;
    if (Failed f = id()) return f;
    bool none = false;
    while (!lexer_.done()) {
      if (!lexer_.take(';')) return Fault::separator_missing;
      if (!space()) return Fault::comment_unclosed;
      if (lexer_.done()) {
        out_.quirks.trailing_semicolon = true;
        break;
      }
      if (none) return Fault::none_not_alone;
      if (Failed f = result(none)) return f;
    }
    return none || !out_.results.results.empty() ? Failed() : Fault::nothing_said;
  }

  bool space() { return lexer_.skip_cfws(); }

  // value = token / quoted-string (RFC 2045 §5.1)
  Failed take_value(std::string& out, Fault otherwise) {
    if (!lexer_.done() && lexer_.peek() == '"') {
      bool closed = false;
      out = message::unquote(lexer_.take_quoted(closed));
      return closed ? Failed() : Fault::quote_unclosed;
    }
    out = lexer_.take_while(is_token);
    return out.empty() ? Failed(otherwise) : Failed();
  }

  Failed id() {
    if (!space()) return Fault::comment_unclosed;
    if (lexer_.done() || lexer_.peek() == ';') return Fault::id_missing;
    if (Failed f = take_value(out_.results.authserv_id, Fault::id_invalid)) return f;
    if (out_.results.authserv_id.empty()) return Fault::id_missing;
    if (!space()) return Fault::comment_unclosed;
    if (lexer_.done()) return Fault::nothing_said;
    if (lexer_.peek() == '=' || lexer_.peek() == '.') return Fault::id_missing;  // a result stands in its place
    if (is_digit(lexer_.peek())) {
      const auto version = to_number<unsigned>(lexer_.take_while(is_token));
      if (version != 1u) return Fault::version_invalid;
      if (!space()) return Fault::comment_unclosed;
      if (lexer_.done()) return Fault::nothing_said;
    }
    return lexer_.peek() == ';' ? Failed() : Fault::id_invalid;
  }

  Failed result(bool& none) {
    MethodResult r;
    r.method = to_lower(lexer_.take_while(is_keyword));
    if (r.method.empty()) return Fault::method_invalid;
    if (!space()) return Fault::comment_unclosed;
    if (r.method == "none" && (lexer_.done() || lexer_.peek() == ';')) {
      none = true;
      return out_.results.results.empty() ? Failed() : Fault::none_not_alone;
    }
    if (lexer_.take('/')) {
      if (!space()) return Fault::comment_unclosed;
      const auto version = to_number<unsigned>(lexer_.take_while(is_digit));
      if (!version) return Fault::method_invalid;
      r.version = *version;
      if (!space()) return Fault::comment_unclosed;
    }
    if (!lexer_.take('=')) return Fault::method_invalid;
    if (!space()) return Fault::comment_unclosed;
    r.result = to_lower(lexer_.take_while(is_keyword));
    if (r.result.empty()) return Fault::result_invalid;
    while (true) {
      const std::size_t before = lexer_.rest().size();
      if (!space()) return Fault::comment_unclosed;
      if (lexer_.done() || lexer_.peek() == ';') break;
      // What follows stands behind a blank or a comment.
      if (lexer_.rest().size() == before && !after_quoted_) return Fault::separator_missing;
      if (Failed f = property(r)) return f;
    }
    after_quoted_ = false;
    if (out_.results.results.size() >= Reading::kMaxResults) return Fault::too_many_results;
    out_.results.results.push_back(std::move(r));
    return {};
  }

  // reasonspec or propspec
  Failed property(MethodResult& r) {
    Property p;
    p.property = to_lower(lexer_.take_while(is_keyword));
    if (p.property.empty()) return Fault::property_invalid;
    if (!space()) return Fault::comment_unclosed;
    if (lexer_.take('.')) {
      p.ptype = std::move(p.property);
      if (!space()) return Fault::comment_unclosed;
      p.property = to_lower(lexer_.take_while(is_keyword));
      if (p.property.empty()) return Fault::property_invalid;
      if (!space()) return Fault::comment_unclosed;
    }
    if (!lexer_.take('=')) return Fault::property_invalid;
    if (!space()) return Fault::comment_unclosed;
    if (p.ptype.empty() && p.property == "reason") {
      // RFC 8601 §2.2: one, before all properties.
      if (r.reason || !r.properties.empty()) return Fault::reason_invalid;
      after_quoted_ = !lexer_.done() && lexer_.peek() == '"';
      return take_value(r.reason.emplace(), Fault::reason_invalid);
    }
    if (p.ptype.empty()) out_.quirks.missing_ptype = true;
    if (Failed f = pvalue(p.value)) return f;
    if (r.properties.size() >= Reading::kMaxProperties) return Fault::too_many_properties;
    r.properties.push_back(std::move(p));
    return {};
  }

  // pvalue = [CFWS] ( ( value / [ [ local-part ] "@" ] domain-name ) [CFWS] )
  Failed pvalue(std::string& out) {
    std::string local;
    bool quoted = false;
    after_quoted_ = false;
    if (!lexer_.done() && lexer_.peek() == '"') {
      quoted = true;
      if (Failed f = take_value(local, Fault::value_invalid)) return f;
    } else {
      local = lexer_.take_while(is_bare);
    }
    if (!lexer_.take('@')) {
      if (local.empty() && !quoted) return Fault::value_invalid;
      if (!quoted && !std::all_of(local.begin(), local.end(), is_token)) out_.quirks.bare_value = true;
      after_quoted_ = quoted;
      out = std::move(local);
      return {};
    }
    const ByteView domain = lexer_.take_while(is_domain_octet);
    if (domain.empty()) return Fault::value_invalid;
    if (!quoted && local.find(':') != std::string::npos) return Fault::value_invalid;
    out = message::Address{.name = {},
                           .raw_name = {},
                           .comment = {},
                           .route = {},
                           .local = std::move(local),
                           .domain = std::string(domain)}
              .spec();
    return {};
  }

  const ByteView value_;
  message::Lexer lexer_;
  bool after_quoted_ = false;  // a quoted string ends by itself
  Reading out_;
};

// The beginning of a field up to its first ";" outside of quotes and comments. Nothing: it cannot be told where it is.
std::optional<ByteView> head_of(ByteView value) {
  message::Lexer lexer(value);
  while (!lexer.done() && lexer.peek() != ';') {
    if (lexer.peek() == '"') {
      bool closed = false;
      lexer.take_quoted(closed);
      if (!closed) return std::nullopt;
    } else if (lexer.peek() == '(') {
      if (!lexer.skip_cfws()) return std::nullopt;
    } else {
      lexer.skip(1);
    }
  }
  return value.substr(0, value.size() - lexer.rest().size());
}

// Without comments, blanks, quotes and backslashes; or, if not `tight`, with a blank in the place of blanks and
// comments but around dots (RFC 5322 §4.4 has domains like that).
std::string flattened(ByteView head, bool tight) {
  std::string out;
  message::Lexer lexer(head);
  while (true) {
    const std::size_t before = lexer.rest().size();
    lexer.skip_cfws();
    if (lexer.done()) return out;
    if (!tight && lexer.rest().size() != before && !out.empty() && out.back() != '.' && lexer.peek() != '.') out += ' ';
    if (lexer.peek() == '"') {
      bool closed = false;
      for (const char c : message::unquote(lexer.take_quoted(closed)))
        if (!is_fws(c)) out += c;
    } else {
      if (lexer.peek() != '\\') out += lexer.peek();
      lexer.skip(1);
    }
  }
}

// Whether `text` holds `id`, and not as a part of a longer name.
bool mentions(std::string_view text, std::string_view id) {
  const std::string where = to_lower(text);
  for (std::size_t at = where.find(id); at != std::string::npos; at = where.find(id, at + 1)) {
    std::size_t end = at + id.size();
    if (end < where.size() && where[end] == '.') ++end;  // a final dot
    if ((at == 0 || !is_domain_octet(where[at - 1])) && (end == where.size() || !is_domain_octet(where[end])))
      return true;
  }
  return false;
}

}  // namespace

std::optional<std::string_view> MethodResult::value(std::string_view ptype, std::string_view property) const {
  for (const Property& p : properties)
    if (p.ptype == ptype && p.property == property) return p.value;
  return std::nullopt;
}

Reading parse(ByteView value) { return Parser(value).run(); }

bool claims(ByteView value, std::string_view authserv_id) {
  const auto key = mail_domain(authserv_id);
  const std::string id = key ? *key : to_lower(authserv_id);
  if (stray_octets(value) || !codec::utf8_valid(value)) return true;
  const auto head = head_of(value);
  if (!head) return true;
  if (mentions(message::unfold(*head), id) || mentions(message::decode_text(*head), id)) return true;
  for (const bool tight : {true, false}) {
    const std::string flat = flattened(*head, tight);
    // Without an identifier, others may think of whom they like.
    if (flat.empty() || flat.find('=') != std::string::npos || mentions(flat, id)) return true;
    const auto end = std::find_if_not(flat.begin(), flat.end(), is_domain_octet);
    const auto named = mail_domain(std::string(flat.begin(), end));
    if (named && *named == id) return true;
  }
  return false;
}

bool claims(const message::Field& field, std::string_view authserv_id) {
  return field.id() == message::FieldName::authentication_results && claims(field.value(), authserv_id);
}

std::optional<Before> found_before(std::span<const message::Field> header, std::string_view authserv_id) {
  std::string id(authserv_id), text, nothing;
  bool semicolon = false;  // `text` ends with one
  for (const message::Field& field : header) {
    if (field.id() == message::FieldName::received) break;
    if (field.id() != message::FieldName::authentication_results) continue;
    if (!id.empty() && !claims(field.value(), id)) continue;
    const Reading one = parse(field.value());
    if (!one.ok()) break;
    if (id.empty()) id = one.results.authserv_id;
    if (!iequals(one.results.authserv_id, id)) continue;
    const ByteView value = trim(field.value());
    if (one.results.results.empty()) {
      nothing = value;
      continue;
    }
    // Of the second and all after it, what stands behind the name.
    text += text.empty() ? value : value.substr(head_of(value)->size() + (semicolon ? 1 : 0));
    semicolon = one.quirks.trailing_semicolon;
  }
  if (text.empty()) text = std::move(nothing);
  Reading all = parse(text);
  if (!all.ok()) return std::nullopt;
  return Before{std::move(all.results), std::move(text)};
}

}  // namespace chappe::trust::authres
