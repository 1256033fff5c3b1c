// The rules that the operator lays down about letters from others (post/policy/local.h): kept in the store, changed by
// the one commit path with an audit row, and read for every letter that comes.
//
// One for the process, over the store; from any executor; nothing here blocks one. What was read of a scope is kept
// parsed, for kKept scopes, until something changes: the directory tells of its own changes by forget(). The lock is
// held for one look (docs/decisions/0007-short-locks.md).
//
// An object is "site", a domain of ours, or the address of an account. Errors that every call may give: those of the
// store and the commit path; not_found (the object is not here), invalid, too_large.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "net/task.h"
#include "post/policy/known.h"
#include "store/commit.h"
#include "store/store.h"

namespace chappe::post {

struct HandlingChange {
  // Nothing: it stays. Nothing in it: it is inherited.
  std::optional<std::optional<trust::dmarc::Action>> rejected, suspect;
};

class LocalRules final : public RuleSource {
 public:
  static constexpr std::size_t kKept = 4'096;  // scopes, and accounts whose domain is kept

  // All must outlive it.
  struct Parts {
    store::Store* store;
    store::Commit* commit;
    Clock* clock;
  };
  explicit LocalRules(Parts parts) : parts_(parts) {}

  net::Task<Result<Handling>> set(std::string who, std::string object, HandlingChange change, net::Deadline deadline);
  // Errors: exists.
  net::Task<Result<Acquaintance>> add(std::string who, std::string object, Acquaintance known, net::Deadline deadline);
  // Errors: not_found.
  net::Task<Result<void>> remove(std::string who, std::string object, Acquaintance known, net::Deadline deadline);

  struct Level {
    Scope scope;
    std::string object;
    Handling handling;
    std::optional<LaidDown> made;  // nothing: nothing is laid down there
  };
  // What holds for the object: its own level first, then those above it, the site's last.
  net::Task<Result<std::vector<Level>>> levels(std::string object, net::Deadline deadline);
  // Every level where something is laid down.
  net::Task<Result<std::vector<Level>>> policies(net::Deadline deadline);

  struct Entry {
    Scope scope;
    std::string object;
    Acquaintance known;
    LaidDown made;
  };
  // Of an object, or of all (empty).
  net::Task<Result<std::vector<Entry>>> known(std::string object, net::Deadline deadline);

  // What holds for letters to the account, scopes without any rule left out; 0: for recipients of whom only the site
  // knows. Of accounts for whom the same holds, the same.
  net::Task<Result<KnownChain>> of(AccountId account, net::Deadline deadline);
  // The same, for who asks a RuleSource.
  net::Task<Result<std::vector<KnownChain>>> rules_for(std::string address, AccountId account,
                                                       net::Deadline deadline) override;
  // Those of one scope; empty, if there are none.
  net::Task<Result<std::shared_ptr<const Known>>> in(Scope scope, net::Deadline deadline);

  // Something may have changed.
  void forget();

 private:
  // Runs one change of the rules of an object.
  template <class F>
  net::Task<Result<void>> edit(std::string who, std::string object, F fn, net::Deadline deadline);
  net::Task<Result<DomainId>> domain_of(AccountId account, net::Deadline deadline);
  // Nothing: it has gone.
  net::Task<Result<std::optional<std::string>>> object_of(Scope scope, net::Deadline deadline);
  net::Task<Result<std::vector<Scope>>> scopes_of(std::string object, net::Deadline deadline);
  net::Task<Result<Level>> level(Scope scope, net::Deadline deadline);

  const Parts parts_;
  std::mutex mutex_;  // guards what follows, for one look
  std::map<Scope, std::shared_ptr<const Known>> kept_;
  std::map<AccountId, DomainId> domains_;
  std::uint64_t changes_ = 0;  // what was read before one is not kept after it
};

}  // namespace chappe::post
