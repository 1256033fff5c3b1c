// The directory under change: what one Change of the commit path does to it, with the rules that keep it whole, and an
// audit row for each step. Of the directory's own files and of what hangs on it (post/keys); lives inside the Change,
// on the commit thread.
//
// Steps may come in any order; what they refer to is checked by finish(), so that an alias may be set before its
// target.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "post/directory/rows.h"
#include "store/commit.h"

namespace chappe::post {

struct NewAccount {
  AddressKey address;
  std::string name;
  bool enabled = true;
  std::uint64_t quota = 0;
  std::uint64_t quota_messages = 0;
  std::optional<Credential> credential;  // its serial is given here
};

class Editor {
 public:
  Editor(store::Txn& txn, std::string who, Time now) : txn_(txn), who_(std::move(who)), now_(now) {}

  // --- looking
  Result<std::optional<Domain>> find_domain(ByteView name);
  Result<std::optional<rows::Entry>> find_entry(const AddressKey& address);
  Result<std::optional<Account>> find_account(const AddressKey& address);
  Result<std::optional<Credential>> find_credential(AccountId id);
  // Every address of the domain, with whose it is.
  Result<std::vector<std::pair<std::string, rows::Entry>>> entries(DomainId domain);
  Result<Account> account(AccountId id);
  Result<std::vector<Grant>> grants(AccountId id);

  // --- changing; each writes an audit row, unless nothing changes. Of an account only the id is looked at: what it is
  // now is read again.
  Result<Domain> add_domain(std::string_view written, const DomainSettings& settings);
  Result<void> set_domain(Domain domain, const DomainSettings& settings);
  // Errc::exists while it has addresses or keys; denied while it is under hold.
  Result<void> remove_domain(const Domain& domain);
  Result<Account> add_account(NewAccount account);
  Result<void> set_account(Account account, const AccountChange& change);
  Result<void> set_credential(Account account, std::optional<Credential> credential);
  // The id, and the mail, stay. Errc::exists if somebody has `to`; denied where it would leave a domain under hold.
  Result<void> rename_account(Account account, const AddressKey& to);
  // Errc::denied while it is under hold.
  Result<void> remove_account(const Account& account);
  // Errors: exists.
  Result<Hold> hold(Hold::Of of, std::uint32_t id, std::string object, std::string reason);
  // Errors: not_found.
  Result<void> lift_hold(Hold::Of of, std::uint32_t id);
  // Makes or replaces.
  Result<void> set_alias(const AddressKey& address, std::vector<AddressKey> targets);
  Result<void> remove_alias(const AddressKey& address);
  // Makes or replaces. `identity`: of parse_identity(). What the same Change takes away does not end it. Errors:
  // too_large.
  Result<void> set_grant(const Account& account, const AddressKey& identity, SendRight right);
  // Errors: not_found.
  Result<void> remove_grant(const Account& account, const AddressKey& identity);

  // For what somebody else changes in the same Change, with an audit row.
  store::Txn& txn() { return txn_; }
  const std::string& who() const { return who_; }
  Time now() const { return now_; }
  Result<void> audit(std::string_view what, std::string object, std::string before, std::string after);

  // What the steps left behind: targets in domains of ours must be somebody's (not_found), and what was removed must
  // be no alias's target (exists); grants on it end with it. To be called last.
  Result<void> finish();

 private:
  Result<Domain> domain_of(const AddressKey& address);
  Result<rows::Counters*> counters();
  Result<bool> is_somebodys(const AddressKey& address);
  Result<void> put_entry(DomainId domain, const AddressKey& address, const rows::Entry& entry);
  Result<void> end_grant(const Account& account, const Grant& grant);
  // Those on identities, as Sub::granted has them in this range.
  Result<std::vector<Grant>> granted(const store::Range& range);
  Result<void> end_grants(const store::Range& range);
  Result<void> move_grants(const AddressKey& from, const AddressKey& to);
  void forget_targets(DomainId domain, const AddressKey& address, const rows::Entry& entry);

  store::Txn& txn_;
  const std::string who_;
  const Time now_;
  std::optional<rows::Counters> counters_;
  std::vector<AddressKey> promised_;  // targets that were set
  std::vector<AddressKey> removed_;   // addresses that went
  std::set<Bytes> granted_;           // keys of grants that were set
};

// For audit rows and for the differences that apply_text() shows.
std::string in_words(const DomainSettings& settings);
std::string in_words(const Account& account);
std::string in_words(const std::vector<AddressKey>& targets);
std::string in_words(const Credential& credential);
std::string in_words(const Grant& grant);

}  // namespace chappe::post
