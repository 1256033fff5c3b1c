// The trail: what became of each letter, kept for a time, so that "where is it?" has an answer. What a reply promises
// is written in the same commit as the letter or its queue row (add()); what was refused is noted in memory and written
// every second (note()), so that turning somebody away costs no sync of its own.
//
// One for the process; any executor. note() and note_refused() take a lock for one look into a table
// (docs/decisions/0007-short-locks.md); what cannot be noted any more is counted by network. keep() does the writing.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/task.h"
#include "post/trail/types.h"
#include "store/commit.h"

namespace chappe::post {

using net::Deadline;
using net::Task;

struct TrailLimits {
  Duration age = std::chrono::hours(24 * 30);  // letters older than that are forgotten
  // Letters that were not taken get a head each up to so many a minute, in all and from one network; more are counted.
  std::uint32_t refused_per_minute = 1000;
  std::uint32_t refused_per_network = 60;
};

// Which letters are meant; all that is said must hold.
struct TrailQuery {
  std::string from = {};  // a pattern for the sender: "*" stands for anything, case does not matter; empty: anyone
  std::string to = {};    // for one of the recipients
  Time since = {};
  std::optional<Time> until = {};       // nothing: up to now
  bool refused = false;                 // only those that were not taken, or not for everybody
  std::optional<LetterId> before = {};  // only older ones: where the last page ended
};

struct TrailPage {
  std::vector<TrailLetter> letters;  // the newest first
  // There may be more: ask again with `before` = this.
  std::optional<LetterId> next;
};

class Trail {
 public:
  // All must outlive it.
  Trail(store::Store& store, store::Commit& commit, Clock& clock, TrailLimits limits = {});

  // --- inside a Change: the letter's own, or that of its queue row

  static void add(store::Txn& txn, LetterId letter, const TrailHead& head);
  static void add(store::Txn& txn, LetterId letter, const TrailStep& step);

  // --- for doors

  // A letter that was thrown away while its sender is told 250. Durable when it returns. Errors: those of the store.
  Task<Result<void>> write(LetterId letter, TrailHead head, Deadline deadline);

  // --- for doors; never block, never fail

  // A letter that was not taken. `network` is the peer's.
  void note(LetterId letter, TrailHead head, const std::string& network);
  // A connection that was turned away.
  void note_refused(const std::string& door, const std::string& network, const std::string& reason);

  // --- for people and their tools

  // Errors: not_found.
  Task<Result<TrailLetter>> show(LetterId letter, Deadline deadline);
  // At most `limit` letters; looks at kScanned rows at most before it gives the page back.
  Task<Result<TrailPage>> find(TrailQuery query, std::size_t limit, Deadline deadline);
  // By hour, newest first, at most `limit`.
  Task<Result<std::vector<TrailRefused>>> refused(Time since, std::size_t limit, Deadline deadline);

  // --- upkeep

  // Writes down what was noted, and forgets what is too old. A disk below its reserve takes no notes: they are lost.
  Task<Result<void>> write_notes(Deadline deadline);
  // write_notes() every second until `cancel`. Start it once; what is noted later needs one write_notes() more.
  static Task<void> keep(Trail* trail, net::Cancel* cancel);

  static constexpr std::size_t kScanned = 200'000;
  static constexpr std::size_t kMostSteps = 1'000;         // of one letter, in an answer
  static constexpr std::size_t kCountedNetworks = 10'000;  // between two writings

 private:
  struct Tally {
    std::string door, network, reason;
    auto operator<=>(const Tally&) const = default;
  };
  struct Count {
    std::uint64_t count = 0;
    Time first, last;
  };
  void count(Tally tally, Time now);

  store::Store& store_;
  store::Commit& commit_;
  Clock& clock_;
  const TrailLimits limits_;

  std::mutex mutex_;  // guards what follows
  std::vector<std::pair<LetterId, TrailHead>> noted_;
  std::map<Tally, Count> counted_;
  std::map<std::string, std::uint32_t> minute_;  // letters noted in this minute, by network
  std::uint32_t minute_total_ = 0;
  Time minute_began_;

  Time trimmed_;  // of write_notes() alone
};

}  // namespace chappe::post
