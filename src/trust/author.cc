#include "trust/author.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "message/address.h"
#include "message/lexer.h"
#include "message/words.h"
#include "trust/mail_domain.h"

namespace chappe::trust {
namespace {

using message::Address;
using message::Finding;
using message::kNone;

// Whether it was found in the letter's own header, as far as that is known: places are kept up to a limit.
bool of_header(const message::Findings& findings, Finding id) {
  const auto& places = findings.places();
  return findings.has(id) && (places.size() >= message::Findings::kMaxPlaces ||
                              std::any_of(places.begin(), places.end(),
                                          [id](const message::Found& f) { return f.id == id && f.part == 0; }));
}

// A CR that no LF follows, or NUL.
bool stray_octets(ByteView raw) {
  if (raw.find('\0') != ByteView::npos) return true;
  for (std::size_t cr = raw.find('\r'); cr != ByteView::npos; cr = raw.find('\r', cr + 1))
    if (cr + 1 == raw.size() || raw[cr + 1] != '\n') return true;
  return false;
}

// Whether another From field begins within `raw` for those to whom a CR alone ends a line.
bool hides_from(ByteView raw) {
  for (std::size_t cr = raw.find('\r'); cr != ByteView::npos; cr = raw.find('\r', cr + 1)) {
    ByteView rest = raw.substr(cr + 1);
    if (!istarts_with(rest, "from")) continue;
    rest.remove_prefix(4);
    if (const std::size_t colon = rest.find_first_not_of(" \t"); colon != ByteView::npos && rest[colon] == ':')
      return true;
  }
  return false;
}

// What a reader who does not know quotes or comments as it should could make something else of: in one quoted string,
// parentheses that are no pairs, or an "@" beside what ends a name or an address; an "@" or "<" in a comment.
bool loose_text(ByteView value) {
  message::Lexer lexer(value);
  while (!lexer.done()) {
    if (lexer.peek() == '(') {
      std::string comment;
      lexer.skip_cfws(&comment);
      if (comment.find_first_of("@<") != std::string::npos) return true;
    } else if (lexer.peek() == '"') {
      bool closed = false;
      const ByteView inside = lexer.take_quoted(closed);
      if (inside.find('@') != ByteView::npos && inside.find_first_of("<>,;\\") != ByteView::npos) return true;
      int depth = 0;
      for (const char c : inside) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth < 0) return true;
      }
      if (depth != 0) return true;
    } else {
      lexer.skip(1);
    }
  }
  return false;
}

bool is_domain_octet(char c) { return is_alnum(c) || is_8bit(c) || c == '-' || c == '_' || c == '.'; }

// Whether a domain ends before `rest` for every reader: not if one that drops quotes would read on.
bool ends_domain(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest.front() == '"') return rest.size() == 1 || !is_domain_octet(rest[1]);
  return message::is_fws(rest.front()) || std::string_view("<>()',;:@?").find(rest.front()) != std::string_view::npos;
}

struct Span {
  std::size_t begin, end;
};

// Where the comments of `text` stand, in order, each with the blanks and comments beside it.
std::vector<Span> comments_of(std::string_view text) {
  std::vector<Span> out;
  message::Lexer lexer(text);
  while (!lexer.done()) {
    const std::size_t begin = text.size() - lexer.rest().size();
    bool closed = false;
    if (lexer.peek() == '"') {
      lexer.take_quoted(closed);
    } else if (lexer.peek() == '(') {
      lexer.skip_cfws();
      out.push_back({begin, text.size() - lexer.rest().size()});
    } else {
      lexer.skip(1);
    }
  }
  return out;
}

std::size_t skip_fws(std::string_view text, std::size_t at) {
  while (at < text.size() && message::is_fws(text[at])) ++at;
  return at;
}

// Whether an "@" in words for people may be one of an address: something stands before it, and from `begin` to `end`,
// behind it, a domain with a dot, blanks and comments beside them or not (RFC 5322 §4.4). "José @ Acme" has none.
bool of_address(std::string_view text, std::size_t at, std::size_t begin, std::size_t end) {
  while (at > 0 && message::is_fws(text[at - 1])) --at;
  if (at == 0) return false;
  const std::string_view name = text.substr(begin, end - begin);
  if (name.find('.') != std::string_view::npos || !ends_domain(text.substr(end))) return true;
  if (const auto key = mail_domain(name); key && key->find('.') != std::string::npos) return true;
  const std::size_t next = skip_fws(text, end);
  return next < text.size() && (text[next] == '.' || text[next] == '(');
}

// The first text behind an "@" that is not `domain`; nothing if all are. `words`: where only what may be an address
// counts, in order.
std::optional<std::string> another_domain(std::string_view text, std::string_view domain, std::span<const Span> words) {
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    const std::size_t begin = skip_fws(text, at + 1);
    std::size_t end = begin;
    while (end < text.size() && is_domain_octet(text[end])) ++end;
    while (!words.empty() && words.front().end <= at) words = words.subspan(1);
    const bool in_words = !words.empty() && words.front().begin <= at;
    if (in_words && !of_address(text, at, begin, end)) continue;
    const auto key = mail_domain(text.substr(begin, end - begin));
    if (!key || *key != domain || !ends_domain(text.substr(end))) return printable(text.substr(begin, end - begin));
    at = end - 1;
  }
  return std::nullopt;
}

// Whether `name` is more than an address: a word is left beside those that have an "@". Blanks beside "@" and dots
// divide no address (RFC 5322 §4.4).
bool has_word_beside(std::string_view name) {
  bool at = false, letters = false;
  char last = ' ';
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (message::is_fws(name[i])) {
      const std::size_t next = skip_fws(name, i);
      const auto joins = [](char c) { return c == '@' || c == '.'; };
      if (!joins(last) && (next == name.size() || !joins(name[next]))) {
        if (letters && !at) return true;
        at = letters = false;
      }
      i = next - 1;
      continue;
    }
    last = name[i];
    at = at || last == '@';
    letters = letters || is_alnum(last) || is_8bit(last);
  }
  return letters && !at;
}

// The domain of an address in a name with encoded words, where who decodes before he parses comes to another author:
// what is decoded would be structure, or nothing is left that could be a name. Others read it as a quoted name.
std::optional<std::string> in_name(const Address& a) {
  if (!message::has_encoded_word(a.raw_name)) return std::nullopt;
  const Span whole{0, a.name.size()};
  auto other = another_domain(a.name, mail_domain(a.domain).value_or(""), {&whole, 1});
  if (other && has_word_beside(a.name) && a.name.find_first_of("<>(),;:\"\\") == std::string::npos) return std::nullopt;
  return other;
}

class Decision {
 public:
  explicit Decision(const message::Letter& letter) : letter_(letter) {}

  Author run() {
    out_.reason = decide();
    if (out_.class_() != AuthorClass::one && out_.class_() != AuthorClass::several) out_.domains.clear();
    return std::move(out_);
  }

 private:
  AuthorReason decide() {
    using enum AuthorReason;
    const message::Field* from = nullptr;
    bool hidden = false;
    for (const message::Field& f : letter_.fields()) {
      hidden = hidden || hides_from(f.raw());
      if (f.id() != message::FieldName::from) continue;
      if (from == nullptr) from = &f;
      ++out_.fields;
    }
    const message::Findings& found = letter_.findings();
    if (found.has(Finding::header_cut)) return header_cut;
    if (of_header(found, Finding::too_many_fields) || found.has(Finding::too_large)) return header_limit;
    if (out_.fields > 1 || hidden) return several_fields;
    if (from == nullptr) return from_missing;

    const ByteView value = from->value();
    const message::AddressList list = message::parse_addresses(value);
    out_.findings = list.findings;
    if (stray_octets(from->raw()) || list.findings.has(Finding::address_control)) return control_octets;
    if (const auto bad = take_mailboxes(list)) return *bad;
    if (auto other = other_author(value, list)) {
      out_.other = std::move(*other);
      return read_differently;
    }
    if (out_.domains.size() > kMaxAuthorDomains) return too_many_domains;
    return out_.domains.size() > 1 ? several_domains : out_.mailboxes > 1 ? same_domain : single;
  }

  // Rule 4. Nothing: there is a domain.
  std::optional<AuthorReason> take_mailboxes(const message::AddressList& list) {
    bool literal = false;
    for (const Address& a : list.entries) {
      if (!a.is_mailbox() || (a.local.empty() && a.domain.empty())) continue;
      ++out_.mailboxes;
      if (a.domain.empty()) continue;
      if (a.domain.front() == '[') {
        literal = true;
        continue;
      }
      const auto key = mail_domain(a.domain);  // RFC 9989 §5.3.1
      if (!key) return AuthorReason::domain_invalid;
      if (std::count(key->begin(), key->end(), '.') != std::count(a.domain.begin(), a.domain.end(), '.'))
        return AuthorReason::domain_dots;
      if (out_.domains.size() <= kMaxAuthorDomains &&
          std::find(out_.domains.begin(), out_.domains.end(), *key) == out_.domains.end())
        out_.domains.push_back(*key);
    }
    if (out_.mailboxes == 0) return AuthorReason::from_empty;
    if (literal) return out_.domains.empty() ? AuthorReason::address_literal : AuthorReason::domain_invalid;
    if (out_.domains.empty()) return AuthorReason::without_domain;
    return std::nullopt;
  }

  // Rules 5 and 6.
  std::optional<std::string> other_author(ByteView value, const message::AddressList& list) const {
    const bool word_in_local =
        std::ranges::any_of(list.entries, [](const Address& a) { return message::has_encoded_word(a.local); });
    if (word_in_local || doubtful(value, list))
      return out_.domains.size() > 1 ? out_.domains[1] : elsewhere(value, word_in_local);
    for (const Address& a : list.entries)
      if (auto other = in_name(a)) return other;
    return std::nullopt;
  }

  // Rule 5: whether others may read something else.
  bool doubtful(ByteView value, const message::AddressList& list) const {
    using enum Finding;
    for (const Finding f : {address_invalid, address_unclosed, address_route, address_comment, address_quoted_at,
                            raw_8bit_header, word_control})
      if (list.findings.has(f)) return true;
    if (of_header(letter_.findings(), blank_fold)) return true;
    for (const Address& a : list.entries)
      if (!a.is_mailbox() || a.comment.find_first_of("@<") != std::string::npos) return true;
    return loose_text(value);
  }

  std::optional<std::string> elsewhere(ByteView value, bool word_in_local) const {
    const std::string written = message::unfold(value);
    if (auto other = another_domain(written, out_.domains[0], comments_of(written))) return other;
    const std::string decoded = message::decode_text(value);
    const Span whole{0, word_in_local ? 0 : decoded.size()};
    return another_domain(decoded, out_.domains[0], {&whole, 1});
  }

  const message::Letter& letter_;
  Author out_;
};

}  // namespace

Author decide_author(const message::Letter& letter) { return Decision(letter).run(); }

}  // namespace chappe::trust
