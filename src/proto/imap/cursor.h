// Reads one whole IMAP command from left to right: the lexical rules of RFC 9051 §9 (and RFC 3501 §9, where it is
// wider).
//
// The command is the text of its lines with the literals in their places ("a LOGIN {3}\r\nbob secret"), without the
// last CRLF, as Receiver collects it. A Cursor is a view: the command must outlive it. Every failure is Errc::invalid
// or Errc::too_large with a sentence that names the place; nothing blocks, and each octet is read once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "proto/imap/limits.h"
#include "proto/imap/sequence.h"

namespace chappe::proto::imap {

// A day without a zone, as SEARCH compares it (RFC 9051 §6.4.4 "disregarding time and timezone").
struct Date {
  int year = 0;
  int month = 0;  // 1-12
  int day = 0;    // 1-31
  auto operator<=>(const Date&) const = default;
};

// Days since 1970-01-01.
std::int64_t to_days(Date date);

// Whether `c` may stand in an atom (RFC 9051 §9 ATOM-CHAR).
bool is_atom_char(char c);

class Cursor {
 public:
  // `utf8`: the client enabled UTF8=ACCEPT or IMAP4rev2, so mailbox names are UTF-8 and `&` is a letter like any other.
  Cursor(ByteView command, const Limits& limits, bool utf8) : in_(command), limits_(limits), utf8_(utf8) {}

  bool done() const { return at_ == in_.size(); }
  const Limits& limits() const { return limits_; }
  bool utf8() const { return utf8_; }
  ByteView rest() const { return in_.substr(at_); }
  // The next octet, NUL at the end.
  char peek() const { return done() ? '\0' : in_[at_]; }
  // Takes the octet, the text or the word if it is next, in any case of letters. A word must end where an atom would.
  bool take(char c);
  bool take_text(ByteView text);
  bool take_word(ByteView word);
  Result<> expect(char c);
  Result<> space() { return expect(' '); }
  // Nothing may follow.
  Result<> end() const;

  // 1*ATOM-CHAR
  Result<ByteView> atom();
  // A command's or an item's name: letters, digits, '.', '-', '_'.
  ByteView name();
  // atom with "]" / quoted / literal
  Result<Bytes> astring();
  Result<Bytes> string();
  // astring or NIL
  Result<std::optional<Bytes>> nstring();
  Result<std::uint32_t> number();
  Result<std::uint32_t> nz_number();
  Result<std::uint64_t> number64();
  // A mod-sequence, below 2^63 (RFC 7162 §7); `zero` whether 0 is one too.
  Result<std::uint64_t> mod_sequence(bool zero);
  Result<SequenceSet> sequence_set();
  // A mailbox name in UTF-8; INBOX in any case becomes "INBOX" (RFC 9051 §5.1).
  Result<Bytes> mailbox();
  // The same with the wildcards % and * (list-mailbox).
  Result<Bytes> list_mailbox();
  // A flag that a client may set: a known system flag in its usual spelling, or a keyword as written.
  Result<Bytes> flag();
  Result<Bytes> keyword();
  // "(" [flag *(SP flag)] ")"
  Result<std::vector<Bytes>> flag_list();
  // 17-Jul-1996, with or without quotes
  Result<Date> date();
  // "17-Jul-1996 02:44:25 -0700" in quotes
  Result<Time> date_time();

  // The sentence for something that is not what the grammar wants here.
  std::unexpected<Error> unexpected(ByteView wanted) const;

 private:
  Result<Bytes> quoted();
  Result<Bytes> literal();
  Result<Bytes> to_mailbox(Bytes raw) const;
  Result<Date> date_text(bool fixed);
  std::optional<int> digits(int least, int most);

  ByteView in_;
  std::size_t at_ = 0;
  const Limits& limits_;
  bool utf8_;
};

// "(" item *(SP item) ")" with at most limits().list_items items; `item` reads one and returns Result<>. An empty list
// passes only with `may_be_empty`.
template <class F>
Result<> each_in_list(Cursor& c, bool may_be_empty, F item) {
  TRY(c.expect('('));
  if (may_be_empty && c.take(')')) return {};
  for (std::size_t n = 0;; ++n) {
    if (n == c.limits().list_items) return fail(Errc::too_large, "more than {} items in a list", n);
    TRY(item());
    if (c.take(')')) return {};
    TRY(c.space());
  }
}

}  // namespace chappe::proto::imap
