// Care for what people have lost: letters that were deleted are kept for a time (HistoryLimits::deleted; kept.h says
// how), are brought back by undelete(), and go when that time is over, by reap(). What is under legal hold does not go.
//
// One for the process, over the store; any executor; nothing blocks. A letter that is brought back is in its mailbox
// again, as a new message with a new UID, with its flags and dates; \Deleted is left out, or the next EXPUNGE of a
// client would take it again. Each step is one Change with what it takes and what it gives, so that a crash at any
// moment leaves every body with exactly the references that name it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "crypto/digest.h"
#include "net/task.h"
#include "post/care/kept.h"
#include "post/mailbox/mailbox.h"
#include "store/commit.h"

namespace chappe::post {

// Which deleted letters are meant; all that is said must hold.
struct KeptQuery {
  Time since = {};           // deleted then or later
  std::string mailbox = {};  // that has, or had, this name; empty: any
};

struct KeptPage {
  std::vector<KeptLetter> letters;  // in the order in which they were deleted
  std::optional<Bytes> next;        // there may be more: ask again with `after` = this
};

struct Undeleted {
  std::uint64_t letters = 0;
  std::uint64_t size = 0;
  std::optional<Bytes> next;  // as in KeptPage
};

struct LetGo {
  std::uint64_t letters = 0;
  std::uint64_t size = 0;
  std::uint64_t early = 0;  // of those letters, taken before their time because the disk is full
};

// A letter as it leaves in an export.
struct OutgoingLetter {
  MessageRecord record;
  Flags flags;
  std::vector<std::string> keywords;
  std::optional<ChunkList> octets;  // nothing: it is large, or damaged; read it by ranges
};

struct OutgoingPage {
  std::vector<OutgoingLetter> letters;  // ascending by UID
  bool more = false;                    // there are letters behind `last`
  Uid last;                             // up to which the page goes; the last ones may have gone meanwhile
};

// By which an import knows a letter again.
struct LetterSum {
  Uid uid;
  crypto::Sum256 sha256;
};

class Care {
 public:
  // All must outlive it; the commit service must be stopped before it dies.
  Care(store::Store& store, store::Commit& commit, Mailboxes& mailboxes, Clock& clock)
      : store_(store), commit_(commit), mailboxes_(mailboxes), clock_(clock) {}

  // `after`: where the last page ended; empty: from the beginning. Looks at kScanned rows at most.
  Task<Result<KeptPage>> kept(AccountId account, KeptQuery query, Bytes after, std::size_t limit, Deadline deadline);

  // Brings letters of `from` (which may have been removed) back to `to`, at most kPortion at a time. `into`: the name
  // of the mailbox; empty: the one that each was in, which is made if it is gone. Errors: over_quota when not even one
  // fits, invalid (the name), not_found (`to` has been removed).
  Task<Result<Undeleted>> undelete(AccountId from, AccountId to, KeptQuery query, std::string into, Bytes after,
                                   Deadline deadline);

  // Letters with UID > `after`, as long as their octets come to no more than `octets` (at least one letter). Letters
  // over kLarge come without their octets. Errors: not_found (no such mailbox).
  Task<Result<OutgoingPage>> outgoing(AccountId account, MailboxId mailbox, Uid after, std::size_t octets,
                                      Deadline deadline);
  // The sums of these messages; those that are not there, or are damaged, are left out. Read by ranges, whatever their
  // size.
  Task<Result<std::vector<LetterSum>>> sums(AccountId account, MailboxId mailbox, std::vector<Uid> uids,
                                            Deadline deadline);

  // Lets go what was deleted longer ago than it is kept; with the disk below its reserve, also what is younger, the
  // oldest of each account first, until there is room. Portions of kPortion, with kPause between them.
  Task<Result<LetGo>> reap(Deadline deadline);
  // reap() every kEvery until `cancel`. Start it once. `log` must outlive the task.
  static Task<void> run(Care* care, Log* log, net::Cancel* cancel);

  static constexpr std::size_t kPortion = 200;     // letters of one Change
  static constexpr std::size_t kScanned = 10'000;  // rows of one answer
  static constexpr std::size_t kLarge = 1024 * 1024;
  static constexpr std::size_t kPageLetters = 500;
  static constexpr Duration kPause = std::chrono::milliseconds(20);
  static constexpr Duration kEvery = std::chrono::minutes(5);

 private:
  Task<Result<bool>> reap_portion(AccountId account, LetGo* sum, Deadline deadline);

  store::Store& store_;
  store::Commit& commit_;
  Mailboxes& mailboxes_;
  Clock& clock_;
};

}  // namespace chappe::post
