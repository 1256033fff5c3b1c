// The mailboxes of the accounts: the tree, the messages, their flags, and what changed (RFC 9051, RFC 7162, RFC 8474).
//
// One Mailboxes serves the whole process and may be used from any executor; what it returns belongs to the caller. All
// changes go through the one commit path (store/commit.h): they happen in one order, are durable when the call returns,
// and are visible to nobody before. UIDs are strictly ascending and never given twice; UIDVALIDITY is never given twice
// within an account. Nothing here blocks an executor.
//
// An account needs no preparation: the first use makes INBOX, Drafts, Sent, Junk, Trash and Archive (RFC 6154).
// Whether the account exists is the directory's matter.
//
// Errors that every call may give: those of the store and the commit path (timeout, cancelled, busy, no_space,
// read_only, io, corrupt, closed). Below the disk's reserve no_space comes to what adds; what takes away (expunge,
// remove), and what people do before it (move, \Deleted), goes on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "net/task.h"
#include "post/mailbox/summary.h"
#include "post/mailbox/types.h"
#include "post/mailbox/view.h"
#include "store/bodies.h"
#include "store/commit.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

inline constexpr std::size_t kMaxMailboxName = 1000;     // octets of UTF-8
inline constexpr std::size_t kMaxMailboxDepth = 32;      // levels
inline constexpr std::uint32_t kMaxMailboxes = 100'000;  // of one account

// The name as it is kept: INBOX in capitals (as a first level too), no '/' at the end. Errors: invalid (empty, an empty
// level, control characters, not UTF-8), too_large.
Result<std::string> canonical_mailbox_name(std::string_view name);

// A message that a client appends.
struct NewMessage {
  ChunkList octets;
  // Instead, of a letter that was written as it came: from Mailboxes::draft(), and finished.
  std::shared_ptr<LetterDraft> draft = {};
  FlagList flags;
  std::optional<Time> internal_date;  // nothing: now
};

struct Appended {
  std::uint32_t uidvalidity = 0;
  std::vector<Uid> uids;  // one for each message, in order
  ModSeq modseq;
};

struct FlagChange {
  enum class How : std::uint8_t { add, remove, replace };
  UidSet uids;
  How how = How::add;
  FlagList flags;
  // RFC 7162 §3.1.3: leaves messages alone that changed after it.
  std::optional<ModSeq> unchanged_since;
};

struct FlagsChanged {
  std::vector<MessageState> states;  // of every message of the set that exists and was not left alone, changed or not
  UidSet modified;                   // left alone because of unchanged_since: the MODIFIED response code
  ModSeq modseq;                     // of this change; 0 if nothing changed
};

struct Copied {
  std::uint32_t uidvalidity = 0;          // of the target
  std::vector<std::pair<Uid, Uid>> uids;  // source and target, ascending: the COPYUID response code (RFC 9051 §7.1)
};

// Which messages expunge() takes away.
enum class Expunge : std::uint8_t {
  deleted,  // those of the set that have \Deleted (EXPUNGE, UID EXPUNGE, CLOSE)
  all,      // all of the set (POP3 QUIT, JMAP destroy)
};

// What an account may keep at most (RFC 9208 §5: STORAGE, MESSAGE); 0: no limit.
struct Quota {
  std::uint64_t octets = 0;
  std::uint64_t messages = 0;
  bool operator==(const Quota&) const = default;
};

struct Usage {
  std::uint64_t messages = 0;
  std::uint64_t size = 0;           // octets
  std::uint64_t limit = 0;          // octets; 0: none
  std::uint64_t message_limit = 0;  // 0: none

  // Whether a message of so many octets more may be kept; of 0 octets: whether anything may.
  bool holds(std::uint64_t more) const {
    return (limit == 0 || (size < limit && more <= limit - size)) && (message_limit == 0 || messages < message_limit);
  }
  // Whether that much can never be kept, however empty the account.
  bool never_holds(std::uint64_t more) const { return limit != 0 && more > limit; }
};

// One row of the feed: what one change did to one account.
struct FeedRow {
  ModSeq modseq;
  struct Touched {
    MailboxId mailbox;
    bool tree = false;  // the mailbox itself: made, renamed, removed, (un)subscribed
    UidSet added;
    UidSet flags;
    UidSet expunged;
    // The e-mail ids of the expunged, in the order of their UIDs (RFC 8621 §4.3: destroyed, or in one mailbox less).
    // None in rows of the first version.
    std::vector<LetterId> gone;
  };
  std::vector<Touched> mailboxes;
};

// What a reader of the feed gets. `resync`: changes behind its cursor have been forgotten, and there are no rows: it
// reads the mailboxes anew (list, open), and goes on from the modseq that the account has then.
struct Feed {
  bool resync = false;
  ModSeq modseq;  // of the last change of the account
  std::vector<FeedRow> rows;
};

// What changed after `since`, as `at` has it: Mailboxes::feed.
Task<Result<Feed>> read_feed(std::shared_ptr<store::Reader> at, AccountId account, ModSeq since, std::size_t limit,
                             Deadline deadline);

// How long changes are remembered, for readers that come back: whichever limit is met first. They are forgotten some
// hundred at a time, by the changes that follow; an account that rests keeps what it has, and in one that is used a
// change outlives its age by at most that again.
struct HistoryLimits {
  std::uint64_t changes = 100'000;
  Duration age = std::chrono::hours(24 * 90);
  // And how long deleted letters can be brought back (post/care/care.h); 0: they go at once.
  Duration deleted{0};
};

class AccountTxn;
struct QueueKey;

class Mailboxes {
 public:
  // All must outlive it, and it the executors' tasks that use it; the commit service must be stopped before it dies.
  Mailboxes(store::Store& store, store::Commit& commit, LetterIds& ids, Clock& clock, HistoryLimits history = {});
  ~Mailboxes();
  Mailboxes(const Mailboxes&) = delete;
  Mailboxes& operator=(const Mailboxes&) = delete;

  // --- the tree

  // All mailboxes with their counts, in order of name (octets). A parent that was removed is not among them although
  // its children are (RFC 9051 §6.3.4: \NonExistent).
  Task<Result<std::vector<MailboxInfo>>> list(AccountId account, Deadline deadline);
  // By name; not_found, invalid.
  Task<Result<MailboxInfo>> find(AccountId account, std::string name, Deadline deadline);
  // By id; not_found.
  Task<Result<MailboxInfo>> status(AccountId account, MailboxId mailbox, Deadline deadline);
  // With the levels above it that are missing. Errors: exists, invalid, too_large (depth, name, kMaxMailboxes).
  Task<Result<MailboxInfo>> create(AccountId account, std::string name, SpecialUse use, Deadline deadline);
  // With everything below it. Renaming INBOX moves its messages to a new mailbox and leaves it, empty (RFC 9051
  // §6.3.6). The levels above `to` are made. One change, however much moves. Errors: not_found, exists, invalid (below
  // itself).
  Task<Result<void>> rename(AccountId account, std::string from, std::string to, Deadline deadline);
  // The mailbox and its messages, not what is below it. INBOX cannot go: denied. Errors: not_found.
  Task<Result<void>> remove(AccountId account, std::string name, Deadline deadline);
  // Errors: not_found.
  Task<Result<void>> subscribe(AccountId account, std::string name, bool subscribed, Deadline deadline);

  // --- messages; a mailbox that is gone is not_found

  // For a letter that comes in pieces.
  std::shared_ptr<LetterDraft> draft();
  // All of `messages`, or none (RFC 3502). Errors: over_quota, invalid (a keyword), too_large (too many keywords).
  Task<Result<Appended>> append(AccountId account, MailboxId mailbox, std::vector<NewMessage> messages,
                                Deadline deadline);
  Task<Result<FlagsChanged>> store_flags(AccountId account, MailboxId mailbox, FlagChange change, Deadline deadline);
  // All that exist of the set, or none; the copies share the bodies, and keep flags and dates. Nothing to copy is no
  // error. Errors: not_found, over_quota. `from` may be `to`.
  Task<Result<Copied>> copy(AccountId account, MailboxId from, UidSet uids, MailboxId to, Deadline deadline);
  // Each message moves as a whole (RFC 6851 §3.3); in portions of kPortion, so that after an error some have moved.
  Task<Result<Copied>> move(AccountId account, MailboxId from, UidSet uids, MailboxId to, Deadline deadline);
  // The UIDs that went. In portions of kPortion, so that after an error some have gone.
  Task<Result<UidSet>> expunge(AccountId account, MailboxId mailbox, UidSet among, Expunge which, Deadline deadline);

  // A recipient in quarantine whose mailbox is here (QueueEntry::here): the letter goes into that mailbox, or INBOX
  // where it is gone, and the row out of the queue, with all rows of the letter that lead there. Quota was asked at
  // RCPT. Errors: not_found (row or account), conflict (it is for another host).
  Task<Result<void>> file_held(QueueKey key, AccountId account, std::string who, Deadline deadline);

  // --- reading

  // The shared state of a mailbox, as one session sees it (view.h). To be called, and used, on the home executor of the
  // account only. Errors: not_found.
  Task<Result<std::unique_ptr<View>>> open(AccountId account, MailboxId mailbox, Deadline deadline);
  // Nothing if there is no such message (any more).
  Task<Result<std::optional<MessageRecord>>> message(AccountId account, MailboxId mailbox, Uid uid, Deadline deadline);
  // The records of the UIDs first..last, ascending, at most `limit`; ask again behind the last one for more.
  Task<Result<std::vector<MessageRecord>>> messages(AccountId account, MailboxId mailbox, Uid first, Uid last,
                                                    std::size_t limit, Deadline deadline);
  // Octets [offset, offset + size) of a message, clipped. not_found if it was expunged meanwhile.
  Task<Result<ChunkList>> read(store::BodyRef body, std::uint64_t offset, std::uint64_t size, Deadline deadline);
  // What is told of a letter without opening it: what was kept, or, where nothing was, what is found by reading the
  // letter once, as a stream. Errors: not_found if it was expunged meanwhile.
  Task<Result<SharedSummary>> summary(store::BodyRef body, Deadline deadline);
  // UIDs expunged after `since`, ascending: VANISHED (EARLIER) (RFC 7162 §3.2.10). When that has been forgotten: all
  // UIDs that the mailbox has given and no longer has (RFC 7162 §3.2.6). Errors: not_found.
  Task<Result<UidSet>> expunged_since(AccountId account, MailboxId mailbox, ModSeq since, Deadline deadline);
  // What changed after `since`, oldest first, at most `limit` rows.
  Task<Result<Feed>> feed(AccountId account, ModSeq since, std::size_t limit, Deadline deadline);

  // --- quota: enforced by append and copy; a delivery asks at RCPT and is then let in

  Task<Result<Usage>> usage(AccountId account, Deadline deadline);
  Task<Result<void>> set_quota(AccountId account, Quota quota, Deadline deadline);

  // --- the account

  // Takes away all that an account has (letters stay to be brought back, as everywhere); its id is never used again,
  // and nothing can be added to it any more. Begun by the directory in the change that removes the account; may be
  // repeated. Errors: no more than the general ones.
  Task<Result<void>> remove_account(AccountId account, Deadline deadline);

  // --- inside

  // Takes up again what an interrupted remove() or remove_account() left: called once, at start.
  Task<Result<void>> reap(Deadline deadline);
  // Tells the open views of `mailbox` that something may be new; from any thread. For Changes made elsewhere
  // (post/ingest), from on_durable().
  void hint(AccountId account, MailboxId mailbox);

  // Is told, on the commit thread, of each account that something happened to; quick, calls nothing back. Set once,
  // before anything happens; empty ends it.
  void follow(std::function<void(AccountId)> follower);

  const HistoryLimits& history() const { return history_; }

  static constexpr std::size_t kPortion = 1000;  // messages of one change, in move, expunge and remove

 private:
  struct Hub;
  template <class R>
  struct AccountChange;

  // change.h. `body` runs on the commit thread and owns what it touches.
  template <class R>
  Task<Result<R>> change(AccountId account, std::move_only_function<Result<R>(AccountTxn&)> body, Deadline deadline);
  Task<Result<void>> prepare(AccountId account, Deadline deadline);
  Task<Result<SharedSummary>> look_into(store::BodyRef body, Deadline deadline);
  Task<Result<void>> reap_mailbox(AccountId account, MailboxId mailbox, Deadline deadline);

  std::shared_ptr<Hub> hub_;
  store::Store& store_;
  store::Commit& commit_;
  store::Bodies bodies_;
  LetterIds& ids_;
  Clock& clock_;
  const HistoryLimits history_;
};

}  // namespace chappe::post
