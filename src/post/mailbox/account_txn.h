// One account inside one Change: reads what it needs, changes it in memory, and writes it all in finish(), together
// with one row of the feed. Everything that one Change does to an account carries one modseq.
//
// Lives on the commit thread, for the length of a Change; what it throws away unfinished never was. UIDs, modseqs,
// UIDVALIDITY, counts and quota are assigned here and nowhere else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "post/care/kept.h"
#include "post/mailbox/records.h"
#include "post/mailbox/threads.h"
#include "store/commit.h"

namespace chappe::post {

class AccountTxn {
 public:
  // Makes the account's first mailboxes if it has none. `txn` must outlive it. Errors: not_found (it was removed).
  static Result<AccountTxn> open(store::Txn& txn, AccountId account, Time now, const HistoryLimits& history);

  // Writes what changed; once, last. The mailboxes whose watchers are to be told (on_durable).
  Result<std::vector<MailboxId>> finish();

  // --- the tree

  // Errors: not_found.
  Result<MailboxInfo> mailbox(MailboxId id);
  Result<std::optional<MailboxId>> by_name(std::string_view canonical);
  // Also the missing levels above. Errors: exists, too_large.
  Result<MailboxInfo> create(std::string canonical, SpecialUse use);
  Result<void> rename(const std::string& from, const std::string& to);
  // INBOX's messages go to a new mailbox of that name, and INBOX stays (RFC 9051 §6.3.6).
  Result<void> rename_inbox(const std::string& to);
  // The mailbox disappears at once; its rows wait in Space::reap for reap_portion(). Errors: not_found, denied.
  Result<MailboxId> remove(const std::string& canonical);
  Result<void> subscribe(MailboxId id, bool subscribed);
  // Takes away up to `limit` messages of a removed mailbox; true: nothing is left of it.
  Result<bool> reap_portion(MailboxId id, std::size_t limit);

  // --- the account as a whole; no AccountTxn of it may be open

  // From here on it has no mailboxes, and never gets any; what they held waits in Space::reap for reap_account().
  static Result<void> remove_account(store::Txn& txn, AccountId account, Time now);
  // Takes away up to `limit` messages of a removed account; true: nothing is left of it.
  static Result<bool> reap_account(store::Txn& txn, AccountId account, Time now, const HistoryLimits& history,
                                   std::size_t limit);

  // --- messages; all but the first Errors: not_found (the mailbox)

  store::Txn& txn() { return *txn_; }
  const records::AccountRow& account() const { return row_; }
  void set_quota(Quota quota);
  // Whether a message of so many octets may come. Errors: over_quota.
  Result<void> check_quota(std::uint64_t octets) const;
  // The thread of a letter that comes in (threads.h).
  Result<std::uint64_t> thread_of(const Clues& clues, const LetterId& letter) {
    return post::thread_of(*txn_, account_, clues, letter, now_);
  }
  // Enters a message whose body already counts the reference.
  Result<Uid> add(MailboxId id, MessageRecord record, Flags flags, const KeywordBits& keywords);
  // The bits of these keywords in the mailbox's table; makes rows for new ones if `make`, otherwise leaves them out.
  // Errors: invalid, too_large.
  Result<KeywordBits> keyword_bits(MailboxId id, const std::vector<std::string>& keywords, bool make);
  Result<std::vector<std::string>> keyword_names(MailboxId id, const KeywordBits& bits);
  // The messages of the set with UID >= from, ascending, at most `limit`.
  Result<std::vector<MessageState>> states(MailboxId id, const UidSet& uids, Uid from = {1},
                                           std::size_t limit = ~std::size_t{0});
  // Gives a message that states() named new flags and this Change's modseq; the state as it is then.
  Result<MessageState> set_flags(MailboxId id, Uid uid, Flags flags, const KeywordBits& keywords);
  Result<MessageRecord> record(MailboxId id, Uid uid);
  // A message that states() named, in another mailbox or the same one. `moves`: the source is about to go with its
  // reference kept (expunge), so that the body gains none.
  Result<Uid> copy(MailboxId from, const MessageState& state, MailboxId to, bool moves);
  // Takes a message that states() named away. Its reference to the body goes to the deleted letters that can be brought
  // back (post/care/kept.h), or is dropped; `moves`: it has gone to somebody else already (copy).
  Result<void> expunge(MailboxId id, Uid uid, bool moves = false);

  // Of this Change.
  ModSeq modseq() const { return {row_.modseq.value + 1}; }
  bool changed() const { return dirty_; }

 private:
  struct Mailbox {
    MailboxInfo info;
    bool dirty = false;
    FeedRow::Touched touched;
    std::optional<std::vector<std::string>> keywords;
    bool keywords_dirty = false;
  };
  struct Page {
    std::vector<MessageState> states;
    bool dirty = false;
  };

  AccountTxn(store::Txn& txn, AccountId account, Time now, const HistoryLimits& history)
      : txn_(&txn), account_(account), now_(now), limits_(history) {}
  Result<void> provision();
  Result<void> forget();
  Result<Mailbox*> load(MailboxId id);
  Result<std::vector<std::string>*> load_keywords(MailboxId id);
  Result<Page*> load_page(MailboxId id, std::uint32_t page);
  Result<void> load_pages(MailboxId id, const UidSet& uids, Uid from);
  Result<MessageState*> find(MailboxId id, Uid uid, Page** page);
  Result<MailboxInfo> create_one(std::string canonical, SpecialUse use);
  void touch(Mailbox& m);
  void count(Mailbox& m, Flags flags, std::uint64_t size, int sign);
  Result<void> let_go(KeptLetter letter);

  store::Txn* txn_;
  AccountId account_;
  Time now_;
  HistoryLimits limits_;
  records::AccountRow row_;
  bool dirty_ = false;      // something that the feed tells
  bool row_dirty_ = false;  // the row alone
  std::optional<bool> keeps_;
  std::map<std::uint32_t, Mailbox> mailboxes_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Page> pages_;  // of mailbox and page
  std::map<std::uint32_t, FeedRow::Touched> gone_;                 // removed mailboxes
};

}  // namespace chappe::post
