// Keeps the search index of every account as the account is: follows the feeds, in portions, one account after another,
// and merges segments when there is nothing else to do.
//
// One for the process. keep() runs on one executor; what takes long happens in the offload pool that it was given
// (one of its own, with little priority), one job at a time. While others commit changes it rests as long as it works,
// so that indexing never keeps a delivery waiting. hint() only says that there may be something to read: after a start
// all accounts are looked at, and each is read on from its own cursor.
//
// A damaged index is thrown away and made anew, once in the life of the process; what cannot be done now (no space, a
// store that refuses writes) is tried again every kRetry.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/log.h"
#include "post/search/merge.h"
#include "post/search/portion.h"

namespace chappe::post::search {

struct IndexerOptions {
  PortionLimits portion;
  Duration linger = std::chrono::milliseconds(300);  // so that letters that come together are taken together
};

// How far the index of one account is.
struct Progress {
  std::uint64_t indexed = 0;  // messages, in all mailboxes
  std::uint64_t pending = 0;  // messages that searches have to look into
  std::uint64_t letters = 0;  // different ones
  ModSeq done, newest;        // changes of the account
  bool scanning = false;      // reading through all mailboxes
  std::size_t segments = 0;
  std::uint64_t octets = 0;  // of posting lists
};

class Indexer {
 public:
  struct Parts {
    store::Store* store;
    store::Commit* commit;
    net::Offload* offload;
    Log* log = nullptr;                // null: says nothing
    Extractors* extractors = nullptr;  // null: attachments have no text
  };
  static constexpr std::size_t kMaxHints = 100'000;                  // accounts; beyond, all are looked at
  static constexpr Duration kRetry = std::chrono::minutes(1);        // after a failure
  static constexpr Duration kRest = std::chrono::milliseconds(250);  // at most at a time, for others
  static constexpr Duration kCommit = std::chrono::minutes(1);
  static constexpr int kMergeSteps = 8;  // of a merge, for each portion

  // Simple sums since the start, and what waits now; from any thread.
  struct Counts {
    std::atomic<std::uint64_t> letters = 0, octets = 0, left_out = 0, portions = 0, merges = 0, failures = 0;
    std::atomic<std::uint64_t> waiting = 0;  // accounts
  };

  // All parts must outlive it, and it every task of it.
  Indexer(Parts parts, IndexerOptions options = {});
  ~Indexer();

  // Something may have happened to `account`. From any thread; quick.
  void hint(AccountId account);
  // Works until it is cancelled; the indexer must outlive it.
  static net::Task<void> keep(Indexer* indexer, net::Cancel* cancel);
  // What is under way is given up, so that keep() ends soon after its `cancel`; a portion may take long on a busy
  // machine, and is made again another time. Any thread.
  void stop() { maker_.stop(); }
  // One account, until there is nothing more to do; not beside keep().
  net::Task<Result<void>> catch_up(AccountId account);
  // Throws the index of an account away; it is made anew from the letters. Beside keep(), if need be.
  net::Task<Result<void>> begin_anew(AccountId account, net::Deadline deadline);

  net::Task<Result<Progress>> progress(AccountId account, net::Deadline deadline);
  const Counts& counts() const { return counts_; }

 private:
  struct Hints;
  net::Task<Result<bool>> step(AccountId account);
  net::Task<Result<bool>> portion(AccountId account, State* state);
  net::Task<Result<bool>> merge(AccountId account, State state, int steps);
  net::Task<Result<std::optional<AccountId>>> account_behind(AccountId account);
  net::Task<void> failed(AccountId account, Error error);
  bool others_commit();

  const Parts parts_;
  const IndexerOptions options_;
  PortionMaker maker_;
  std::shared_ptr<Hints> hints_;
  std::shared_ptr<Merge> merge_;  // one at a time, of any account
  std::set<AccountId> owed_;      // accounts that wait for its end
  Counts counts_;

  // Of keep().
  std::deque<AccountId> queue_;
  std::set<AccountId> queued_;
  std::map<AccountId, Steady> later_;
  std::set<AccountId> begun_anew_;
  std::uint64_t changes_seen_ = 0, changes_mine_ = 0;
};

}  // namespace chappe::post::search
