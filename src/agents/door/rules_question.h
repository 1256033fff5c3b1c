// How an mx that is a process of its own learns of the rules of a recipient, which the mda keeps
// (docs/decisions/0010-split-sites.md). Two steps, both by LMTP: the mda's reply to RCPT names the rules,
//
//   250 2.1.5 Recipient accepted; rules a17.<digest> d3.<digest> s0.<digest>, d3.<digest> s0.<digest>
//
// a chain for each different one of the people behind the address, the scopes of a chain from the most specific on (a:
// account, d: domain, s: site). Nothing is said where nothing is laid down. What a name stands for is then asked once,
// as RCPT TO:<rules.a17.<digest>@chappe.invalid> from <>, and the text of the rules as they are now
// (post/policy/local.h) is in the reply, in base64. Most recipients have the same rules, and rules seldom change, so a
// letter to somebody new costs no question more. Pure functions, linear.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "post/policy/known.h"

namespace chappe::agents {

// Of one address; where its people have more, the rules of the first ones hold for it.
inline constexpr std::size_t kMaxChains = 16;

// What is put behind the mda's reply to RCPT: empty, or "; rules …".
std::string named_rules(std::span<const post::KnownChain> chains);
// The same, read; one empty chain, where none is named. Errors: invalid, too_large.
Result<std::vector<std::vector<post::RulesName>>> read_named_rules(std::string_view words);

// The address that the rules are asked at.
std::string rules_address(const post::RulesName& name);
// Nothing: it is no such address.
std::optional<post::RulesName> parse_rules_address(std::string_view address);

// The answer: the words of a reply, of at most kMaxRulesWords octets, lines and codes included.
inline constexpr std::size_t kMaxRulesWords = 1024 * 1024;
std::string written_rules(const post::ScopeRules& rules);
// Errors: invalid, too_large.
Result<post::ScopeRules> read_rules(std::string_view words);

}  // namespace chappe::agents
