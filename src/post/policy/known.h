// The rules of one scope, ready to be asked; those that hold for one recipient; and who tells them. A Known never
// changes: any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/task.h"
#include "post/policy/local.h"

namespace chappe::post {

// Which rules: those of a scope, as they were when they had this digest. Rules of the same text have the same.
struct RulesName {
  Scope scope;
  std::string digest;  // kDigest characters of base64url
  auto operator<=>(const RulesName&) const = default;

  static constexpr std::size_t kDigest = 22;
};

class Known {
 public:
  // Linear in the rules, which are hashed.
  Known(Scope scope, ScopeRules rules);

  Scope::Of of() const { return name_.scope.of; }
  const RulesName& name() const { return name_; }
  const ScopeRules& rules() const { return rules_; }
  // The entry for this domain, or for the nearest one above it.
  std::optional<std::string> domain(Acquaintance::Kind kind, std::string_view domain) const;
  // The name itself.
  bool has(Acquaintance::Kind kind, std::string_view name) const;
  // The narrowest network that has the address.
  std::optional<std::string> network(Acquaintance::Kind kind, const trust::Ip& ip) const;
  std::vector<std::string> names(Acquaintance::Kind kind) const;
  // List-Id and domain of the lists that are known by both.
  struct List {
    std::string id, domain, name;
  };
  const std::vector<List>& lists() const { return lists_; }

 private:
  RulesName name_;
  ScopeRules rules_;
  std::vector<std::pair<Acquaintance::Kind, Prefix>> networks_;
  std::vector<List> lists_;
};

// Of a recipient, the most specific first; scopes without any rule are left out.
using KnownChain = std::vector<std::shared_ptr<const Known>>;

// Who knows what holds for letters to somebody: the store (post/policy/rules.h), or the mda of the site, which is
// another process.
class RuleSource {
 public:
  virtual ~RuleSource() = default;
  // Each different chain of the people behind a recipient; one at least. `account`: whose mailbox it is; 0: nobody's of
  // whom this process knows. Errors: those of the store, or of reaching the mda.
  virtual net::Task<Result<std::vector<KnownChain>>> rules_for(std::string address, AccountId account,
                                                               net::Deadline deadline) = 0;
};

}  // namespace chappe::post
