// The one commit path. Whoever wants to change the store submits a Change: a plain function that reads and writes
// through a Txn. Changes run one at a time, in the order they were submitted, on the commit thread; what queued up
// while the last sync ran becomes one batch with one sync. So a Change may assign numbers (UID, MODSEQ, quota) by
// reading what is there and writing what follows, and no two Changes ever see each other half done.
//
// Nothing is acknowledged before it is durable. When a group is durable, first the on_durable() works run, Change by
// Change in commit order, then the submitters get their answers; so publication order is commit order, and whoever is
// answered finds its own change published. A Change that returns an error leaves no trace; when the write fails, every
// Change of the group gets that error. Below the reserve of the disk a Change gets Errc::no_space, unless it says that
// it makes space.
//
// A Change runs on another thread than its submitter: it owns (by value) everything it touches, must not block on
// anything but the Txn, and must not throw. In inline mode (tests, command line) it runs inside submit(), and every
// Change is a group of its own.
//
// The service must be stopped before the store and before the executors that on_durable() works post to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "store/store.h"

namespace chappe::store {

// What has been written but not yet sent to the store: rows over removed ranges.
class Overlay {
 public:
  // Nothing inside: the row is removed.
  using Entry = std::optional<std::variant<Bytes, ChunkList>>;

  void put(Bytes key, std::variant<Bytes, ChunkList> value);
  void remove(Bytes key);
  void remove(Range range);
  // Null: says nothing about this key.
  const Entry* find(const Bytes& key) const;
  // Adds all that `later` says.
  void absorb(Overlay later);
  const std::map<Bytes, Entry>& rows() const { return rows_; }
  Batch take_batch();
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return rows_.empty() && gone_.empty(); }
  void clear();

 private:
  static const Entry kGone;
  std::map<Bytes, Entry> rows_;
  std::vector<Range> gone_;  // in the order of removal; rows_ were written later
  std::size_t bytes_ = 0;    // of everything ever put; bounds a group
};

// What a Change sees: the store, under what the group and the Change itself have written so far. Only inside the
// Change.
class Txn {
 public:
  // Block (the commit thread may). Errors: io, corrupt.
  Result<std::optional<Value>> get(const Bytes& key);
  // In order of keys; limits.reverse is not supported here.
  Result<Page> scan(const Range& range, ScanLimits limits = {});
  // All of a range known to be small.
  Result<std::vector<Row>> scan_all(Range range);

  void put(Bytes key, Bytes value) { mine_.put(std::move(key), std::move(value)); }
  // Shares the buffers.
  void put(Bytes key, ChunkList value) { mine_.put(std::move(key), std::move(value)); }
  void remove(Bytes key) { mine_.remove(std::move(key)); }
  void remove(Range range) { mine_.remove(std::move(range)); }

  // This Change makes space, or is a step to that: it is taken even when the disk is below its reserve.
  void use_reserve() { uses_reserve_ = true; }

  // Runs on the commit thread once this Change is durable, in commit order, before the submitter is answered; never if
  // the Change or the write fails. Must be quick and must not throw: it posts to an executor.
  void on_durable(net::Work work) { works_.push_back(std::move(work)); }

 private:
  friend class Commit;
  Txn(Store* store, net::LocalExecutor* executor, const Overlay* group)
      : store_(store), executor_(executor), group_(group) {}

  Store* store_;
  net::LocalExecutor* executor_;
  const Overlay* group_;
  Overlay mine_;
  bool uses_reserve_ = false;
  std::vector<net::Work> works_;
};

using Change = std::move_only_function<Result<void>(Txn&)>;

class Commit {
 public:
  enum class Mode : std::uint8_t { thread, in_line };
  struct Options {
    Mode mode = Mode::thread;
    std::size_t queued = 4096;                  // changes that may wait; more are refused with Errc::busy
    std::size_t group_changes = 1024;           // in one batch
    std::size_t group_bytes = 8 * 1024 * 1024;  // a group takes no further change once it has this much
  };
  // Simple sums since the start, for metrics.
  struct Counts {
    std::uint64_t changes = 0;  // durable
    std::uint64_t failed = 0;   // refused by themselves or by the write
    std::uint64_t groups = 0;   // batches written
    std::uint64_t bytes = 0;    // put into batches
    std::uint64_t largest_group = 0;
  };

  // `store` must outlive the service.
  explicit Commit(Store& store) : Commit(store, Options()) {}
  Commit(Store& store, Options options);
  ~Commit();  // stops
  Commit(const Commit&) = delete;
  Commit& operator=(const Commit&) = delete;

  // From any executor. Returns when the change is durable, or with the error of the change or of the write; busy when
  // too many wait; closed after stop(). When the deadline comes first: timeout or cancelled, and the change was not
  // and will not be made - unless it has been started already: then its outcome is waited for regardless of the
  // deadline (it is a matter of one sync; after kOutcomeWait: Errc::timeout, outcome unknown).
  Task<Result<void>> submit(Change change, Deadline deadline);

  // The same for a change that gives something back: `auto uid = co_await commit.submit<Uid>([=](Txn& t) ...)`.
  template <class R>
  Task<Result<R>> submit(std::move_only_function<Result<R>(Txn&)> change, Deadline deadline) {
    auto out = std::make_shared<std::optional<R>>();
    CO_TRY(co_await submit(Change(Keep<R>{std::move(change), out}), deadline));
    co_return std::move(**out);
  }

  // Refuses what comes later, commits what has been accepted, ends the thread. Blocks. Idempotent.
  void stop();

  Counts counts() const;

  static constexpr Duration kOutcomeWait = std::chrono::seconds(60);

 private:
  struct Pending;
  template <class R>
  struct Keep {
    std::move_only_function<Result<R>(Txn&)> change;
    std::shared_ptr<std::optional<R>> out;
    Result<void> operator()(Txn& txn) {
      out->emplace(TRY(change(txn)));
      return {};
    }
  };

  Result<void> enqueue(std::shared_ptr<Pending> pending);
  void loop();
  void run_group(std::size_t count);
  Result<void> run_one(Pending& pending, Overlay& group, std::vector<net::Work>& works);

  Store& store_;
  const Options options_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Pending>> queue_;
  bool stopping_ = false;
  Counts counts_;

  std::mutex turn_;              // inline mode: one change at a time, whatever the thread
  net::LocalExecutor executor_;  // of the thread that runs the changes
  std::thread thread_;
};

}  // namespace chappe::store
