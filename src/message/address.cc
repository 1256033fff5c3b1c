#include "message/address.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "codec/charset.h"
#include "codec/utf8.h"
#include "message/lexer.h"
#include "message/words.h"

namespace chappe::message {
namespace {

// Octets of an atom, more than RFC 5322 allows: people leave dots and square brackets unquoted in names, and control
// characters must not split a word.
bool is_loose_atom(char c) {
  if (is_fws(c)) return false;
  switch (c) {
    case '(':
    case ')':
    case '<':
    case '>':
    case ',':
    case ';':
    case ':':
    case '@':
    case '"':
      return false;
    default:
      return true;
  }
}

// A word of a phrase or local part.
struct Word {
  std::string text;  // without quotes
  bool quoted = false;
  bool spaced = false;  // blanks or comments before it
  bool dirty = false;   // an atom with octets that no atom may hold
};

std::string clean_text(ByteView raw) {
  std::string text = codec::utf8_valid(raw) ? std::string(raw) : codec::to_utf8(raw, "").text;
  for (char& c : text)
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  return text;
}

class Parser {
 public:
  explicit Parser(ByteView value) : lexer_(value) {}

  AddressList run() {
    while (true) {
      space();
      if (lexer_.done() && held_.empty()) break;
      if (held_.empty() && lexer_.take(',')) {  // RFC 5322 §4.4: empty elements
        comment_.clear();
        continue;
      }
      if (held_.empty() && in_group_ && lexer_.take(';')) {
        end_group();
        continue;
      }
      if (out_.entries.size() >= AddressList::kMax) {
        found(Finding::address_invalid);
        break;
      }
      element();
    }
    if (in_group_) {
      found(Finding::address_unclosed);
      end_group();
    }
    return std::move(out_);
  }

 private:
  void found(Finding id) { out_.findings.add(id); }

  // Skips blanks and comments, keeping the comments' text. True if there was something.
  bool space() {
    const std::size_t before = lexer_.rest().size();
    if (!lexer_.skip_cfws(&comment_)) found(Finding::address_unclosed);
    return lexer_.rest().size() != before;
  }

  void end_group() {
    in_group_ = false;
    Address end;
    end.kind = Address::Kind::group_end;
    out_.entries.push_back(std::move(end));
    comment_.clear();
  }

  void add_word(std::vector<Word>& words, Word w) {
    if (words.size() < AddressList::kMaxWords) return words.push_back(std::move(w));
    found(Finding::address_invalid);
    words.back() = std::move(w);
  }

  // Takes words up to something that is none, behind those that are in `out`.
  void words(std::vector<Word>& out) {
    bool spaced = false;
    while (!lexer_.done()) {
      if (lexer_.peek() == '"') {
        bool closed = false;
        Word w;
        w.text = unquote(lexer_.take_quoted(closed));
        w.quoted = true;
        w.spaced = spaced;
        if (!closed) found(Finding::address_unclosed);
        add_word(out, std::move(w));
      } else {
        const ByteView atom = lexer_.take_while(is_loose_atom);
        if (atom.empty()) break;
        Word w;
        w.text = atom;
        w.spaced = spaced;
        w.dirty = !std::all_of(atom.begin(), atom.end(), [](char c) { return is_atext(c) || c == '.'; });
        add_word(out, std::move(w));
      }
      spaced = space();
    }
  }

  // One mailbox or the start of a group.
  void element() {
    std::vector<Word> phrase = std::exchange(held_, {});
    words(phrase);
    const char c = lexer_.done() ? ',' : lexer_.peek();
    if (c == '<') {
      Address a;
      set_name(a, phrase);
      angle(a);
      finish(std::move(a));
    } else if (c == '@') {
      bare(phrase);
    } else if (c == ':' && !in_group_) {
      lexer_.skip(1);
      Address a;
      a.kind = Address::Kind::group_begin;
      set_name(a, phrase);
      a.comment = take_comment();
      out_.entries.push_back(std::move(a));
      in_group_ = true;
    } else if (phrase.empty()) {  // a stray ">", ")", ":" or ";"
      found(Finding::address_invalid);
      lexer_.skip(1);
    } else {
      // Words alone: a local part without domain, as mail inside one system has it.
      found(Finding::address_invalid);
      Address a;
      local_from(phrase, a);
      finish(std::move(a));
    }
  }

  // With peek() at "@": `phrase` is the local part, written without angle brackets.
  void bare(std::vector<Word>& phrase) {
    Address a;
    // Before a local part with nothing but a blank between: a name without angle brackets.
    if (phrase.size() > 1) {
      std::size_t first = phrase.size() - 1;
      while (first > 0 && joined(phrase[first - 1], phrase[first])) --first;
      if (first > 0) {
        found(Finding::address_invalid);
        std::vector<Word> name(phrase.begin(), phrase.begin() + static_cast<std::ptrdiff_t>(first));
        phrase.erase(phrase.begin(), phrase.begin() + static_cast<std::ptrdiff_t>(first));
        set_name(a, name);
      }
    }
    if (phrase.empty()) found(Finding::address_invalid);
    local_from(phrase, a);
    lexer_.skip(1);
    domain(a);
    space();
    // "a@b <c@d>": the brackets hold the address, what stands before them is its name.
    if (!lexer_.done() && lexer_.peek() == '<') {
      Address b;
      b.raw_name = a.name.empty() ? a.spec() : a.name + " " + a.spec();
      b.name = clean_text(b.raw_name);
      found(Finding::address_invalid);
      angle(b);
      finish(std::move(b));
      return;
    }
    trailing();
    finish(std::move(a));
  }

  // What stands between an address and the next comma. Words that no address follows are dropped; others are the name
  // of an address that somebody forgot the comma before.
  void trailing() {
    space();
    if (ended()) return;
    found(Finding::address_invalid);
    if (lexer_.peek() == '@' || lexer_.peek() == '<') return;
    std::vector<Word> phrase;
    words(phrase);
    if (phrase.empty()) {
      lexer_.skip(1);
    } else if (!ended()) {
      held_ = std::move(phrase);
    }
  }
  bool ended() const { return lexer_.done() || lexer_.peek() == ',' || lexer_.peek() == ';'; }

  // Two words that make one local part: dots between them, blanks or not (RFC 5322 §4.4 obs-local-part).
  static bool joined(const Word& a, const Word& b) {
    return !b.spaced || (!a.quoted && a.text.ends_with('.')) || (!b.quoted && b.text.starts_with('.'));
  }

  void local_from(const std::vector<Word>& parts, Address& a) {
    const Word* before = nullptr;
    for (const Word& w : parts) {
      if (w.dirty) found(Finding::address_invalid);
      if (before != nullptr && !joined(*before, w)) {
        found(Finding::address_invalid);
        a.local += ' ';
      }
      before = &w;
      if (w.quoted && w.text.find('@') != std::string::npos) found(Finding::address_quoted_at);
      a.local += w.text;
    }
  }

  // With peek() at "<": the address up to ">".
  void angle(Address& a) {
    lexer_.skip(1);
    const std::size_t comment_before = comment_.size();
    space();
    // RFC 5322 §4.4 obs-route: "@a,@b:"
    if (!lexer_.done() && lexer_.peek() == '@') route(a);
    space();
    std::vector<Word> local;
    words(local);
    if (!lexer_.done() && lexer_.peek() == '@') {
      local_from(local, a);
      if (local.empty()) found(Finding::address_invalid);
      lexer_.skip(1);
      domain(a);
    } else if (!local.empty()) {
      local_from(local, a);
      found(Finding::address_invalid);
    }
    space();
    if (comment_.size() != comment_before) found(Finding::address_comment);
    if (!lexer_.take('>')) {
      while (!lexer_.done() && lexer_.peek() != '>' && lexer_.peek() != ',' && lexer_.peek() != '<') step();
      found(lexer_.take('>') ? Finding::address_invalid : Finding::address_unclosed);
    }
    trailing();
  }

  // Over one octet, quoted string or comment.
  void step() {
    bool closed = false;
    if (lexer_.peek() == '"') {
      lexer_.take_quoted(closed);
    } else if (lexer_.peek() == '(') {
      space();
    } else {
      lexer_.skip(1);
    }
  }

  void route(Address& a) {
    found(Finding::address_route);
    while (!lexer_.done() && (lexer_.peek() == '@' || lexer_.peek() == ',')) {
      const bool at = lexer_.take('@');
      if (!at) {
        lexer_.skip(1);
        space();
        continue;
      }
      if (!a.route.empty()) a.route += ',';
      a.route += '@';
      a.route += domain_text();
      space();
    }
    if (!lexer_.take(':')) found(Finding::address_invalid);
  }

  void domain(Address& a) {
    a.domain = domain_text();
    space();
    // "a@b@c": nobody can say which domain is meant, so none is.
    if (!lexer_.done() && lexer_.peek() == '@') {
      found(Finding::address_invalid);
      found(Finding::address_domain_invalid);
      while (!lexer_.done() && lexer_.peek() == '@') {
        lexer_.skip(1);
        a.domain += '@';
        a.domain += domain_text();
        space();
      }
    }
  }

  // After "@": a dot-atom with blanks and comments around its dots, or a literal.
  std::string domain_text() {
    space();
    std::string out;
    if (!lexer_.done() && lexer_.peek() == '[') {
      bool closed = false;
      const ByteView inside = lexer_.take_literal(closed);
      if (!closed) found(Finding::address_unclosed);
      out = '[' + unquote(inside) + ']';
      std::erase_if(out, is_fws);
      return out;
    }
    for (;;) {
      const ByteView atom = lexer_.take_while(is_loose_atom);
      if (atom.empty()) return out;
      out += atom;
      // RFC 5322 §4.4 obs-domain: blanks and comments around the dots.
      if (!space() || lexer_.done() || !(out.ends_with('.') || lexer_.peek() == '.')) return out;
      found(Finding::address_comment);
    }
  }

  std::string take_comment() {
    std::string out = comment_.empty() ? std::string() : decode_text(comment_);
    comment_.clear();
    return out;
  }

  void set_name(Address& a, const std::vector<Word>& phrase) {
    bool at_inside = false;
    for (const Word& w : phrase) {
      if (!a.raw_name.empty() && w.spaced) a.raw_name += ' ';
      a.raw_name += w.text;
      at_inside = at_inside || w.text.find_first_of("@<") != std::string::npos;
      if (w.quoted && has_encoded_word(w.text)) found(Finding::word_in_quoted);
    }
    for (char& c : a.raw_name)
      if (c == '\r' || c == '\n' || c == '\0') c = ' ';
    const bool words = has_encoded_word(a.raw_name);
    a.name = words ? decode_text(a.raw_name, &out_.findings) : std::string(trim(clean_text(a.raw_name)));
    // RFC 2047 §5 (3), and the reason why no reader may take an address from a decoded word.
    if (words && !at_inside && a.name.find_first_of("@<") != std::string::npos) found(Finding::address_word_at);
  }

  void finish(Address a) {
    a.comment = take_comment();
    const auto dirty = [](const std::string& s) {
      return std::any_of(s.begin(), s.end(), [](char c) { return is_ctl(c); });
    };
    if (dirty(a.local) || dirty(a.domain) || a.raw_name.find('\0') != std::string::npos)
      found(Finding::address_control);
    if (!a.local.empty() && !is_dot_atom(a.local)) found(Finding::address_quoted_local);
    if (a.domain.empty() ? !a.local.empty() : !plausible_domain(a.domain)) found(Finding::address_domain_invalid);
    if (!codec::utf8_valid(a.local) || !codec::utf8_valid(a.domain)) {
      found(Finding::raw_8bit_header);
      a.local = codec::utf8_repair(a.local);
      a.domain = codec::utf8_repair(a.domain);
    }
    const std::size_t at = a.name.find('@');
    if (at != std::string::npos && at > 0 && at + 1 < a.name.size() && !iequals(a.name, a.local + "@" + a.domain))
      found(Finding::name_is_address);
    out_.entries.push_back(std::move(a));
  }

  Lexer lexer_;
  std::string comment_;     // of the element being read
  std::vector<Word> held_;  // words that were read before it was known whose they are
  bool in_group_ = false;
  AddressList out_;
};

}  // namespace

bool is_dot_atom(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.') return false;
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '.' ? local[i - 1] == '.' : !is_atext(local[i])) return false;
  }
  return true;
}

bool plausible_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > 255) return false;
  if (domain.front() == '[') {
    return domain.size() > 2 && domain.back() == ']' && std::all_of(domain.begin() + 1, domain.end() - 1, [](char c) {
             return is_alnum(c) || c == '.' || c == ':' || c == '-';
           });
  }
  for (const std::string_view label : split(domain, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '_' || is_8bit(c); }))
      return false;
  }
  return true;
}

std::string Address::spec() const {
  std::string out;
  if (local.empty() || is_dot_atom(local)) {
    out = local;
  } else {
    out = '"';
    for (const char c : local) {
      if (c == '"' || c == '\\') out += '\\';
      out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    out += '"';
  }
  if (domain.empty()) return out;
  out += '@';
  for (const char c : domain) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  return out;
}

std::size_t AddressList::mailboxes() const {
  return static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(), [](const Address& a) { return a.is_mailbox(); }));
}

const Address* AddressList::first() const {
  for (const Address& a : entries)
    if (a.is_mailbox()) return &a;
  return nullptr;
}

AddressList parse_addresses(ByteView value) { return Parser(value).run(); }

}  // namespace chappe::message
