#include "agents/door/rules_question.h"

#include <algorithm>

#include "agents/door/words.h"
#include "base/text.h"

namespace chappe::agents {

using post::KnownChain;
using post::RulesName;
using post::Scope;

namespace {

constexpr std::string_view kNamed = "; rules";
constexpr std::string_view kRules = "Rules";
constexpr std::string_view kLocalPart = "rules.";
constexpr std::string_view kDomain = "@chappe.invalid";  // RFC 6761 §6.4: nobody's

struct Letter {
  Scope::Of of;
  char letter;
};
constexpr Letter kLetters[] = {{Scope::Of::site, 's'}, {Scope::Of::domain, 'd'}, {Scope::Of::account, 'a'}};

std::string written(const RulesName& name) {
  return fmt::format("{}{}.{}", std::ranges::find(kLetters, name.scope.of, &Letter::of)->letter, name.scope.id,
                     name.digest);
}

std::optional<RulesName> parse(std::string_view word) {
  const auto dot = word.find('.');
  if (word.empty() || dot == word.npos) return std::nullopt;
  const auto* const of = std::ranges::find(kLetters, word.front(), &Letter::letter);
  const auto id = to_number<std::uint32_t>(word.substr(1, dot - 1));
  RulesName out{.scope = {}, .digest = std::string(word.substr(dot + 1))};
  const bool sound = out.digest.size() == RulesName::kDigest &&
                     std::ranges::all_of(out.digest, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  if (of == std::end(kLetters) || !id || !sound) return std::nullopt;
  out.scope = {of->of, *id};
  return out;
}

}  // namespace

std::string named_rules(std::span<const KnownChain> chains) {
  if (std::ranges::all_of(chains, &KnownChain::empty)) return {};
  std::string out(kNamed);
  for (std::size_t i = 0; i < chains.size(); ++i) {
    if (i > 0) out += ',';
    for (const auto& known : chains[i]) out += ' ' + written(known->name());
  }
  return out;
}

Result<std::vector<std::vector<RulesName>>> read_named_rules(std::string_view words) {
  std::vector<std::vector<RulesName>> out;
  const auto at = words.find(kNamed);
  if (at == words.npos) return std::vector(1, std::vector<RulesName>());
  for (const std::string_view chain : split(words.substr(at + kNamed.size()), ',')) {
    if (out.size() == kMaxChains) return fail(Errc::too_large, "rules of over {} people", kMaxChains);
    out.emplace_back();
    std::string one;
    for (const char c : chain) one += c == '\n' ? ' ' : c;  // a long reply is folded
    for (const std::string_view word : split(one, ' ')) {
      if (word.empty()) continue;
      auto name = parse(word);
      if (!name) return fail(Errc::invalid, "no name of rules: {}", printable(word, 60));
      out.back().push_back(std::move(*name));
    }
  }
  return out;
}

std::string rules_address(const RulesName& name) { return fmt::format("{}{}{}", kLocalPart, written(name), kDomain); }

std::optional<RulesName> parse_rules_address(std::string_view address) {
  if (!address.starts_with(kLocalPart) || !address.ends_with(kDomain)) return std::nullopt;
  address.remove_prefix(kLocalPart.size());
  if (address.size() < kDomain.size()) return std::nullopt;
  return parse(address.substr(0, address.size() - kDomain.size()));
}

std::string written_rules(const post::ScopeRules& rules) { return as_words(kRules, rules_text(rules)); }

Result<post::ScopeRules> read_rules(std::string_view words) {
  return post::read_rules_text(TRY(read_words(kRules, words)));
}

}  // namespace chappe::agents
