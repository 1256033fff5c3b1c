// The directory: which domains are ours, who has an account, what addresses lead where, and whose password is right.
//
// One for the process, over the store; may be used from any executor, and nothing here blocks one: reading goes through
// the store, changes through the one commit path, hashing through the offload pool. A change is durable when its call
// returns, and has written an audit row (who, when, before, after) in the same batch. `who` names whoever asked for it:
// "uid 0", "admin@example.org".
//
// Addresses are given as written, without angle brackets (post/address.h makes keys of them), domains in Unicode or as
// A-labels. How often somebody may guess at a password is limited by the doors, per account and network, not here.
//
// Errors that every call may give: those of the store and the commit path (timeout, cancelled, busy, no_space,
// read_only, io, corrupt, closed), and invalid or too_large for what is no address, name or setting.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/password.h"
#include "net/task.h"
#include "post/delivery/route.h"
#include "post/directory/apply.h"
#include "post/directory/login_cache.h"
#include "post/directory/people.h"
#include "post/directory/return_paths.h"
#include "post/directory/types.h"
#include "store/commit.h"
#include "store/store.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

struct DirectoryOptions {
  crypto::Argon2Params argon2;
  // How long a password that was right is not hashed again, and for how many accounts.
  Duration login_life = std::chrono::minutes(5);
  std::size_t login_limit = 10'000;
  // The account that gets mail for postmaster of every domain where nobody else does (RFC 5321 §4.5.1); empty: nobody.
  std::string postmaster = {};
  // What knows whom a rewritten sender stands for; must outlive the directory. Null: none has been rewritten here.
  const ReturnPaths* return_paths = nullptr;
};

class Directory final : public RcptSource, public SenderSource {
 public:
  // What it stands on; all must outlive it. `random` must be safe from any thread.
  struct Parts {
    store::Store* store;
    store::Commit* commit;
    net::Offload* offload;
    Clock* clock;
    Random* random;
    // Told of every change that is durable, from any executor; quick.
    std::function<void()> changed = {};
  };
  // Makes the directory's secret the first time; hashes once, so that unknown users cost what known ones do.
  static Task<Result<std::unique_ptr<Directory>>> open(Parts parts, DirectoryOptions options, Deadline deadline);
  ~Directory() override;

  // --- domains
  Task<Result<Domain>> add_domain(std::string who, std::string name, DomainSettings settings, Deadline deadline);
  // Errors: not_found.
  Task<Result<void>> set_domain(std::string who, std::string name, DomainSettings settings, Deadline deadline);
  // Errors: not_found; exists while it has accounts or aliases.
  Task<Result<void>> remove_domain(std::string who, std::string name, Deadline deadline);
  Task<Result<Domain>> show_domain(std::string name, Deadline deadline);
  // In the order they were made; as many rows of memory as there are.
  Task<Result<std::vector<Domain>>> list_domains(Deadline deadline);

  // --- accounts
  // Hashes in the offload pool. Without password (empty), nobody can log in. Errors: not_found (no such domain),
  // exists, invalid (a password that SASLprep refuses).
  Task<Result<Account>> add_account(std::string who, std::string address, crypto::Secret password, AccountChange facts,
                                    Deadline deadline);
  // Errors: not_found, as for all that follow.
  Task<Result<void>> set_account(std::string who, std::string address, AccountChange change, Deadline deadline);
  // Hashes in the offload pool. An empty one takes the password away.
  Task<Result<void>> set_password(std::string who, std::string address, crypto::Secret password, Deadline deadline);
  // Id and mail stay. Errors: exists (`to` is taken, or `from` is an alias's target).
  Task<Result<void>> rename_account(std::string who, std::string from, std::string to, Deadline deadline);
  // The account's mail is the mailboxes' matter. Errors: exists while an alias has it as target.
  Task<Result<AccountId>> remove_account(std::string who, std::string address, Deadline deadline);
  Task<Result<Account>> show_account(std::string address, Deadline deadline);
  Task<Result<Account>> account(AccountId id, Deadline deadline);
  // Of a domain, or of all (empty), in the order they were made; as many rows of memory as there are.
  Task<Result<std::vector<Account>>> list_accounts(std::string domain, Deadline deadline);

  // --- aliases
  // Makes or replaces. Targets in our domains must be somebody's (not_found); others are other hosts' matter. Local
  // part `*`: a catch-all. Errors: not_found (no such domain), exists (an account has the address).
  Task<Result<void>> set_alias(std::string who, std::string address, std::vector<std::string> targets,
                               Deadline deadline);
  // Errors: not_found; exists while another alias has it as target.
  Task<Result<void>> remove_alias(std::string who, std::string address, Deadline deadline);
  // Of a domain, or of all (empty), ordered by domain id and local part.
  Task<Result<std::vector<Alias>>> list_aliases(std::string domain, Deadline deadline);

  // --- grants: an account may write as an address that is not its own (post/directory/grants.h). `identity`: an
  // address, `*@domain`, or `*`.
  // Makes or replaces. Errors: not_found (no such account), too_large.
  Task<Result<void>> set_grant(std::string who, std::string account, std::string identity, SendRight right,
                               Deadline deadline);
  // Errors: not_found.
  Task<Result<void>> remove_grant(std::string who, std::string account, std::string identity, Deadline deadline);
  // Of an account, or of all (empty), ordered by account id.
  Task<Result<std::vector<Grant>>> list_grants(std::string account, Deadline deadline);

  // --- legal hold, of an account (an address) or a domain. It is no part of the directory as text.
  // Errors: not_found, exists.
  Task<Result<Hold>> hold(std::string who, std::string object, std::string reason, Deadline deadline);
  // Errors: not_found.
  Task<Result<void>> lift_hold(std::string who, std::string object, Deadline deadline);
  Task<Result<std::vector<Hold>>> list_holds(Deadline deadline);
  // Accounts whose deleted mail is still kept, or may be, in the order of their ids.
  Task<Result<std::vector<RemovedAccount>>> list_removed(Deadline deadline);

  // --- what doors ask
  // One step: an account, an alias and its targets, remote, or unknown. Looks for the address itself, then without its
  // detail, then whether it is a sender that was rewritten here, then for the catch-all.
  Task<Result<RcptAnswer>> resolve_rcpt(std::string address, Deadline deadline) override;

  // Whose name and password these are. Errc::unauthenticated, in the same words and after as much hashing, for a wrong
  // password, an unknown user, a disabled account and one without password. Errc::busy when too many wait for the pool.
  Task<Result<AccountId>> verify_password(std::string address, crypto::Secret password, Deadline deadline);

  // For SCRAM. For nobody, and for who has none, a false verifier that is the same each time and that no proof fits.
  struct ScramAnswer {
    trust::ScramVerifier verifier;
    AccountId account;  // who has logged in if the proof fits; 0: the verifier is false
  };
  Task<Result<ScramAnswer>> scram_verifier(std::string address, Deadline deadline);

  // What the account may do with the address. `as`: its own, with or without detail, and an alias (not a catch-all)
  // that has the account's address as one of its targets. Else what it was granted on the address, with or without
  // detail, on its domain, or on everybody: the most of these.
  Task<Result<SendRight>> may_send_as(AccountId account, std::string address, Deadline deadline);
  // The same. Of somebody who is known by the address only, that is looked up; nobody may send as anyone.
  Task<Result<SendRight>> may_send(LoggedIn who, std::string address, Deadline deadline) override;

  // --- as text (post/directory/apply.h says how it reads)
  // TOML, the same for the same directory, as it was at one moment.
  Task<Result<std::string>> export_text(ExportOptions options, Deadline deadline);
  // All of it in one commit, or nothing. `dry_run`: only says what would change. Errors: invalid with the place in the
  // text, and those of the single changes.
  Task<Result<Differences>> apply_text(std::string who, std::string text, bool dry_run, Deadline deadline);

  // --- who changed what: at most `limit` rows, newest first, from before `before` (nothing: from the newest).
  Task<Result<std::vector<AuditRow>>> audit(std::optional<std::uint64_t> before, std::size_t limit, Deadline deadline);

 private:
  Directory(Parts parts, DirectoryOptions options, crypto::Secret secret, std::string false_hash);

  struct Login;
  Task<Result<std::optional<Domain>>> find_domain(std::string name, Deadline deadline);
  Task<Result<Credential>> hash(crypto::Secret password, DomainSettings settings, Deadline deadline);
  Task<Result<Login>> find_login(std::string address, Deadline deadline);
  Task<Result<RcptAnswer>> resolve_in(Domain domain, AddressKey address, Deadline deadline);
  trust::ScramVerifier false_verifier(ByteView name, std::uint32_t iterations) const;
  // Runs one change of the directory; `fn` takes an Editor& and returns Result<R>.
  template <class R, class F>
  Task<Result<R>> edit(std::string who, F fn, Deadline deadline);
  Task<Result<void>> change(std::string who, std::function<Result<void>(Editor&)> fn, Deadline deadline);

  const Parts parts_;
  const DirectoryOptions options_;
  const crypto::Secret secret_;   // false verifiers are made with it
  const std::string false_hash_;  // of a password that nobody knows
  LoginCache logins_;
};

}  // namespace chappe::post
