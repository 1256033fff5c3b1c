// What can be wrong with the text of an SPF record, as a table: each row says what the rule is, in which section it
// stands, and what to tell the operator. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace chappe::trust::spf {

// The numbers are no promise, the ids in the table (syntax.cc) are.
enum class Flaw : std::uint8_t {
  bad_character,        // an octet that is no visible ASCII character
  bad_name,             // what should be a mechanism or a modifier does not begin like one
  unknown_mechanism,    // there is no such mechanism
  qualified_modifier,   // "-redirect=…"
  repeated_modifier,    // redirect or exp twice
  argument_missing,     // "include", "exists:", "redirect="
  argument_unexpected,  // "all:x", "ptr/24"
  address_as_domain,    // "a:192.0.2.1"
  bad_domain_end,       // a domain-spec that ends neither with a macro nor with a top label
  bad_percent,          // "%" without "{", "%", "_" or "-" behind it
  bad_macro_letter,     // "%{x}"
  exp_only_macro,       // %{c}, %{r} or %{t} outside of an explanation
  bad_transformer,      // "%{d0}", "%{d!}"
  open_macro,           // "%{d"
  bad_ip4,
  bad_ip6,
  bad_ip4_prefix,
  bad_ip6_prefix,
};

struct FlawRow {
  Flaw flaw;
  std::string_view id;
  std::string_view rule;  // the section that is broken
  std::string_view en, fr;
};
const FlawRow& flaw_row(Flaw flaw);
std::span<const FlawRow> flaw_rows();

// A flaw, and the octets that have it.
struct SyntaxFault {
  Flaw flaw{};
  std::size_t at = 0, size = 0;
  bool operator==(const SyntaxFault&) const = default;
};

}  // namespace chappe::trust::spf
