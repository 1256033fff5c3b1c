// What an operator should know about an SPF record: what breaks it, what weakens it, what will break it soon. Findings
// are rows of one table, with the place in the text where there is one. Pure; any thread; nothing blocks. Takes time
// linear in the tree, but for comparing terms with those before them (kMaxTreeTerms of tree.h bounds that).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trust/spf/tree.h"

namespace chappe::trust::spf {

enum class Level : std::uint8_t {
  error,    // receivers come to permerror, or anybody passes
  warning,  // it works, and not as somebody wants it
  note,
};
std::string_view level_name(Level level);

// The numbers are no promise, the ids in the table (lint_rows.cc) are.
enum class Lint : std::uint8_t {
  // Of the domain.
  no_domain,
  no_record,
  bad_domain,
  lookup_failed,
  several_records,
  almost_record,  // a TXT record that was meant to be one
  old_type,       // records of type SPF
  too_long,       // the answer does not fit into a small UDP packet
  // Of the text.
  bad_syntax,
  all_passes,
  all_neutral,
  no_end,            // neither all nor redirect
  redirect_ignored,  // beside an all
  unreachable,       // behind an all
  duplicate,         // the same mechanism again
  covered,           // a network that is in those before it
  ptr_used,
  p_macro,
  unknown_modifier,
  mechanism_as_modifier,  // "ip4=192.0.2.1"
  upper_case,
  host_bits,  // bits behind the prefix of a network
  wide_network,
  special_network,  // private, loopback and the like
  // Of what it leads to.
  too_many_lookups,
  lookups_used_up,
  too_many_voids,
  voids_used_up,
  void_lookup,
  one_family,  // a name with addresses of one family only: void for clients of the other
  too_many_mx,
  bad_target,
  term_failed,
  include_broken,
  include_all_passes,
  included_twice,
  circle,
  bad_explanation,
  cut,
};

struct LintRow {
  Lint lint;
  std::string_view id;
  Level level;
  std::string_view rule;  // empty: good practice
  std::string_view en, fr;
};
const LintRow& lint_row(Lint lint);
std::span<const LintRow> lint_rows();

struct LintFinding {
  Lint lint{};
  std::string domain;            // whose record; empty: of a text alone
  std::size_t at = 0, size = 0;  // in the record; size 0: of the whole
  std::string detail;            // the term, or what was counted; printable
  SyntaxFault fault;             // of bad_syntax
};

// Of a text that is_record(), without asking anybody.
std::vector<LintFinding> lint_record(const Record& record);
// Of a domain and all that its record leads to. Of the domains below only what concerns this one is told.
std::vector<LintFinding> lint(const Tree& tree);

}  // namespace chappe::trust::spf
