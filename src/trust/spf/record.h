// An SPF record (RFC 7208 §4.5, §4.6, §5, §6), read from the TXT records of a domain into its terms, with everything
// that is wrong in its text. Reading never fails: a record with faults is one too, and check.h makes permerror of it.
// Pure; any thread; nothing blocks. Takes time linear in the text; the text is as long as RDATA can be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/record.h"
#include "trust/ip.h"
#include "trust/spf/macro.h"
#include "trust/spf/syntax.h"

namespace chappe::trust::spf {

enum class TermKind : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists, redirect, exp, unknown_modifier };

// RFC 7208 §4.6.2: what a mechanism says of a host that it matches.
enum class Qualifier : char { pass = '+', fail = '-', softfail = '~', neutral = '?' };

struct Term {
  TermKind kind{};
  Qualifier qualifier = Qualifier::pass;
  std::string name;                   // as written, without qualifier
  std::optional<MacroString> domain;  // domain-spec, or the value of an unknown modifier
  Ip network;                         // of ip4 and ip6
  unsigned prefix4 = 32, prefix6 = 128;
  std::size_t at = 0, size = 0;  // where it stands in the record

  bool mechanism() const { return kind < TermKind::redirect; }
  // Whether it counts towards the ten terms that ask the DNS (RFC 7208 §4.6.4).
  bool asks() const;
};

// What room is made for; a record may have more.
inline constexpr std::size_t kUsualTerms = 8;

struct Record {
  std::string text;
  std::vector<Term> terms;          // those that could be read, in order
  std::vector<SyntaxFault> faults;  // in order; at most one for a term

  // Null if there is none.
  const Term* redirect() const { return find(TermKind::redirect); }
  const Term* exp() const { return find(TermKind::exp); }
  const Term* all() const { return find(TermKind::all); }
  // As it was written, qualifier and all.
  std::string_view text_of(const Term& term) const { return std::string_view(text).substr(term.at, term.size); }

 private:
  const Term* find(TermKind kind) const;
};

// Whether `text` is an SPF record at all: "v=spf1" in any case, and then a space or nothing (RFC 7208 §4.5).
bool is_record(ByteView text);
// The texts of the SPF records among TXT records, the strings of each joined (RFC 7208 §3.3, §4.5).
std::vector<std::string> select_records(const dns::RRset& txt);
// Of a text that is_record().
Record parse_record(ByteView text);

}  // namespace chappe::trust::spf
