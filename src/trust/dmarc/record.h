// A DMARC Policy Record: the text of a TXT record below _dmarc, read by the grammar of RFC 9989 §4.7 and §4.8, with
// every fault in it and the place where it stands. Pure; linear in the text; never fails.
//
// How doubtful texts are read:
//   - `v` stands first and is exactly "DMARC1", without blanks before it; else it is no record at all (§4.7).
//   - Names of tags, and the words that are values, are taken in any case; only DMARC1 is not.
//   - A tag that cannot be read is left out, and its default holds (§4.8). Of a tag that stands twice the first counts.
//   - Without a usable policy (§4.10.1) a record with an address for reports is read as p=none, another one means that
//     DMARC does not apply. Both still count in a tree walk, which asks for `v` only (§4.10).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "message/findings.h"

namespace chappe::trust::dmarc {

using message::Lang;
using message::Severity;

// In order of strictness.
enum class Policy : std::uint8_t { none, quarantine, reject };
std::string_view policy_name(Policy policy);

enum class Mode : std::uint8_t { relaxed, strict };
enum class Psd : std::uint8_t { unsaid, yes, no };

// Where reports go (RFC 9989 §4.6).
struct Uri {
  std::string text;     // without an obsolete size
  std::string mailbox;  // of mailto: the address; empty: another scheme, which nobody can be asked to serve
  std::string domain;   // of that mailbox, as mail_domain() has it
};

// fo (RFC 9989 §4.7): when a failure report is wanted.
struct FailureOptions {
  bool all_fail = true;    // 0
  bool any_fails = false;  // 1
  bool dkim = false;       // d
  bool spf = false;        // s
  bool operator==(const FailureOptions&) const = default;
};

// RFC 9989 §4.10.1
enum class Standing : std::uint8_t {
  usable,
  taken_as_none,   // no valid policy, but somebody wants reports: as if it said p=none and nothing else
  without_policy,  // p is missing, and nobody wants reports: DMARC does not apply
  broken,          // p, sp or np is wrong, and nobody wants reports: DMARC does not apply
};

struct Record {
  static constexpr std::size_t kMaxTags = 64;  // what follows is left out
  static constexpr std::size_t kMaxUris = 20;  // of one list

  std::string text;
  std::optional<Policy> p, sp, np;  // as published; nothing: absent or invalid
  Psd psd = Psd::unsaid;
  bool test = false;  // t=y
  Mode adkim = Mode::relaxed, aspf = Mode::relaxed;
  std::vector<Uri> rua, ruf;  // the valid ones
  FailureOptions fo;
  Standing standing = Standing::usable;

  bool applies() const { return standing == Standing::usable || standing == Standing::taken_as_none; }
};

// What may be odd about a record. The numbers are no promise, the ids in the table (record_flaws.cc) are.
enum class Flaw : std::uint8_t {
  // it is no record
  not_dmarc,
  version_blank,
  version_case,
  version_late,
  version_other,
  // its form
  tag_empty,
  tag_malformed,
  tag_octets,
  tag_case,
  tag_duplicate,
  tag_unknown,
  tag_obsolete,
  tags_too_many,
  // its values
  p_missing,
  p_invalid,
  sp_invalid,
  np_invalid,
  read_as_none,
  not_applied,
  psd_invalid,
  t_invalid,
  adkim_invalid,
  aspf_invalid,
  fo_invalid,
  uri_invalid,
  uri_size,
  uri_scheme,
  uris_too_many,
  // advice, of lint() only
  monitoring_blind,
  policy_none,
  rua_missing,
  subdomains_weaker,
  nonexistent_weaker,
  test_without_effect,
  pct_lost,
  fo_without_ruf,
  psd_yes,
};
struct FlawRow {
  Flaw flaw;
  std::string_view id;  // kebab-case
  Severity severity;
  std::string_view en, fr;

  std::string_view text(Lang lang) const { return lang == Lang::fr ? fr : en; }
};
const FlawRow& flaw_row(Flaw flaw);
inline constexpr int kFlawCount = static_cast<int>(Flaw::psd_yes) + 1;

struct Flawed {
  Flaw flaw;
  std::size_t at = 0;  // octet of the text at which the tag, or the URI, begins
  std::string what;    // the tag or value, fit to be printed; empty where the text says it all

  bool operator==(const Flawed&) const = default;
};

struct Reading {
  static constexpr std::size_t kMaxFlaws = 100;  // that are kept

  std::optional<Record> record;  // nothing: it is no DMARC Policy Record
  std::vector<Flawed> flaws;     // as they were found: by place, then of the whole

  bool has(Flaw flaw) const;
};

Reading parse_record(ByteView text);

// parse_record with advice to who publishes the record.
Reading lint(ByteView text);

}  // namespace chappe::trust::dmarc
