// Reputation: counters of what became of the letters of each identity (types.h), kept from the first day on, fading by
// half every ReputationOptions::half_life. Nothing is decided by them here; they are shown, and a filter may ask.
//
// A letter costs no commit: count() adds to a table in memory, and every kWriteEvery the table is written in one change
// (write()), and once more at the stop. What was counted since the last writing is lost when the process is killed: a
// few seconds of letters, whose sender comes again.
//
// What a flood can do is bounded. Only identities that are proven get a row, so names that cost nothing get none; what
// a letter bears without proof is counted where there is a row, and fills nothing. There are ReputationOptions::rows at
// most: a full table takes no further names until upkeep has made room, which forgets what has faded, and then what has
// the fewest letters. So who owns a domain with a million names beneath it pushes out names seen as rarely as those,
// and none that has been writing for long.
//
// One for the process; any executor. count(), vote() and what is cached take a lock for a look into a table
// (docs/decisions/0007-short-locks.md), never over a wait; the other calls read the store. Errors of all tasks: those
// of the store and the commit path.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/task.h"
#include "post/letter_id.h"
#include "post/reputation/sighting.h"
#include "post/reputation/types.h"
#include "store/commit.h"

namespace chappe::post {

struct ReputationOptions {
  Duration half_life = std::chrono::hours(24 * 14);
  std::size_t rows = 200'000;    // in the store; about 100 octets each
  std::size_t pending = 10'000;  // identities that are counted between two writings; further ones are left out
  std::size_t claims = 1'000;    // and names without proof, each of which costs a look into the store
  std::size_t votes = 1'000;     // and letters that people moved, likewise
  std::size_t cached = 4'096;    // identities that need no look into the store
};

enum class Vote : std::uint8_t { spam, ham };

enum class ReputationOrder : std::uint8_t { most, worst };  // most letters, or the lowest score, first
struct ReputationQuery {
  ReputationOrder order = ReputationOrder::most;
  std::optional<IdentityKind> kind = {};  // nothing: all
  std::size_t limit = 100;
};

class Reputation {
 public:
  // All must outlive it.
  struct Parts {
    store::Store* store;
    store::Commit* commit;
    Clock* clock;
  };
  explicit Reputation(Parts parts, ReputationOptions options = {});

  // --- for doors; never block, never fail

  // What became of a judged letter.
  void count(const Sighting& sighting, Fate fate);
  // Somebody moved a letter into Junk, or out of it. Its trail says whose it was; a letter that has none counts
  // nothing.
  void vote(LetterId letter, Vote vote);

  // --- for filters and people

  // With what is not written yet.
  net::Task<Result<Standing>> of(Identity identity, net::Deadline deadline);
  // As it is written: up to kWriteEvery old. Looks at every row.
  net::Task<Result<std::vector<Standing>>> list(ReputationQuery query, net::Deadline deadline);

  // Since the start.
  struct Counts {
    std::array<std::atomic<std::uint64_t>, 4> letters = {};  // by Fate
    std::atomic<std::uint64_t> votes = 0;
    std::atomic<std::uint64_t> left_out = 0;  // identities that found no room, or could not be written
    std::atomic<std::uint64_t> rows = 0;      // in the store, as of the last writing
  };
  const Counts& counts() const { return counts_; }

  // --- upkeep; one caller at a time

  // Writes down what was counted; from time to time (kSweepEvery, or when the table is full) makes room first.
  net::Task<Result<void>> write(net::Deadline deadline);
  // write() every kWriteEvery until `cancel`. Start it once; what is counted later needs one write() more.
  static net::Task<void> keep(Reputation* reputation, net::Cancel* cancel);

  static constexpr Duration kWriteEvery = std::chrono::seconds(5);
  static constexpr Duration kSweepEvery = std::chrono::hours(1);
  static constexpr Duration kSweepWhenFull = std::chrono::minutes(1);
  static constexpr double kFaded = 0.02;  // letters: a row of less is forgotten; one letter, after 79 days

 private:
  // Since the last writing.
  struct Delta {
    Tallies tallies;
    Time first, last;  // letter; zero: none, it only changes a row that is there
    bool answers = false;
  };
  using Deltas = std::unordered_map<Identity, Delta, IdentityHash>;
  using Rows = std::unordered_map<Identity, std::optional<Remembered>, IdentityHash>;
  struct Written {
    std::vector<std::pair<Identity, std::optional<Remembered>>> rows;
    std::size_t made = 0, left_out = 0;
  };

  static Result<Written> write_rows(store::Txn& txn, const std::vector<std::pair<Identity, Delta>>& portion, Time now,
                                    Duration half_life, std::size_t room);
  net::Task<Result<void>> write_portions(std::vector<std::pair<Identity, Delta>> all, net::Deadline deadline);
  net::Task<Result<void>> count_votes(std::vector<std::pair<LetterId, Vote>> votes, Deltas* claims,
                                      net::Deadline deadline);
  net::Task<Result<void>> sweep(Time now, net::Deadline deadline);
  bool sweep_due(Time now) const;
  void keep_row(const Identity& identity, std::optional<Remembered> row);  // under the lock

  const Parts parts_;
  const ReputationOptions options_;
  Counts counts_;

  std::mutex mutex_;  // guards what follows
  Deltas pending_;    // of identities that answered for a letter
  Deltas claims_;     // of names
  std::vector<std::pair<LetterId, Vote>> votes_;
  Deltas writing_;              // on its way to the store
  Rows cached_;                 // as in the store; nothing: no row
  std::uint64_t writings_ = 0;  // what was read before one is not cached after it

  // Of write() alone.
  std::optional<Time> swept_;
  bool full_ = false;
};

}  // namespace chappe::post
