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

// The first text behind an "@" that is not `domain`; nothing if all are.
std::optional<std::string> another_domain(std::string_view text, std::string_view domain) {
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    std::size_t begin = at + 1;
    while (begin < text.size() && message::is_fws(text[begin])) ++begin;
    std::size_t end = begin;
    while (end < text.size() && is_domain_octet(text[end])) ++end;
    const auto key = mail_domain(text.substr(begin, end - begin));
    if (!key || *key != domain || !ends_domain(text.substr(end))) return printable(text.substr(begin, end - begin));
    at = end - 1;
  }
  return std::nullopt;
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
    if (doubtful(value, list))
      if (auto other = out_.domains.size() > 1 ? out_.domains[1] : elsewhere(value)) {
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

  // Rule 5: whether others may read something else.
  bool doubtful(ByteView value, const message::AddressList& list) const {
    using enum Finding;
    for (const Finding f : {address_invalid, address_unclosed, address_route, address_comment, address_quoted_at,
                            address_word_at, raw_8bit_header, word_control})
      if (list.findings.has(f)) return true;
    if (of_header(letter_.findings(), blank_fold)) return true;
    for (const Address& a : list.entries)
      if (!a.is_mailbox() || a.comment.find_first_of("@<") != std::string::npos) return true;
    return loose_text(value);
  }

  std::optional<std::string> elsewhere(ByteView value) const {
    if (auto written = another_domain(message::unfold(value), out_.domains[0])) return written;
    return another_domain(message::decode_text(value), out_.domains[0]);
  }

  const message::Letter& letter_;
  Author out_;
};

}  // namespace

Author decide_author(const message::Letter& letter) { return Decision(letter).run(); }

}  // namespace chappe::trust
