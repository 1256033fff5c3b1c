#include "post/policy/known.h"

#include "codec/base64.h"
#include "crypto/digest.h"

namespace chappe::post {

using Kind = Acquaintance::Kind;

namespace {

std::string digest_of(const ScopeRules& rules) {
  return codec::base64url_encode(crypto::sha256(rules_text(rules)).view()).substr(0, RulesName::kDigest);
}

}  // namespace

Known::Known(Scope scope, ScopeRules rules) : name_{scope, digest_of(rules)}, rules_(std::move(rules)) {
  for (const Acquaintance& one : rules_.known) {
    if (one.kind == Kind::forwarder || one.kind == Kind::block)
      if (const auto prefix = parse_prefix(one.name)) networks_.emplace_back(one.kind, *prefix);
    if (const auto slash = one.name.find('/'); one.kind == Kind::list && slash != one.name.npos)
      lists_.push_back({one.name.substr(0, slash), one.name.substr(slash + 1), one.name});
  }
}

bool Known::has(Kind kind, std::string_view name) const {
  return !rules_.known.empty() && rules_.known.contains({kind, std::string(name)});
}

std::optional<std::string> Known::domain(Kind kind, std::string_view domain) const {
  while (!rules_.known.empty() && !domain.empty()) {
    if (has(kind, domain)) return std::string(domain);
    const auto dot = domain.find('.');
    domain = dot == domain.npos ? std::string_view() : domain.substr(dot + 1);
  }
  return std::nullopt;
}

std::optional<std::string> Known::network(Kind kind, const trust::Ip& ip) const {
  const Prefix* best = nullptr;
  for (const auto& [of, prefix] : networks_)
    if (of == kind && ip.in(prefix.network, prefix.bits) && (!best || prefix.bits > best->bits)) best = &prefix;
  if (!best) return std::nullopt;
  return text_of(*best);
}

std::vector<std::string> Known::names(Kind kind) const {
  std::vector<std::string> out;
  for (const Acquaintance& one : rules_.known)
    if (one.kind == kind) out.push_back(one.name);
  return out;
}

}  // namespace chappe::post
