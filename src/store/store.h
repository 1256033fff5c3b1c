// The store: ordered keys and their values, asynchronous and small. get, scan, a consistent snapshot, and one way to
// write: a batch of assertions and changes that happens as a whole or not at all, and is durable when it succeeds.
//
// Forms: memory (store/memory.h, for tests and demonstrations) and RocksDB (store/rocks.h). All pass one conformance
// suite (conformance_test.cc). A Store may be used from any executor and any thread; coroutines resume on the executor
// that awaited them. What would block goes through the offload pool that the form was opened with; nothing here blocks
// an executor, except through blocking(). Programs write through store/commit.h, which groups; write() is for that
// service and for tools.
//
// Sync failures are final: after a failed write or sync every further write is refused with Errc::read_only until the
// process starts anew; reading goes on. A full disk is met before any sync can fail: below the free-space reserve the
// commit path takes only what makes space (room(), Txn::use_reserve()); below half of it, write() refuses everything.
// Both say Errc::no_space, and both pass when space is made.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/task.h"
#include "store/extents.h"
#include "store/frozen.h"
#include "store/keys.h"

namespace chappe::store {

// A stored value: read-only bytes that keep themselves alive and may cross threads. `value.view()` is a ByteView.
using Value = Chunk;

struct Row {
  Bytes key;
  Value value;
};

struct ScanLimits {
  std::size_t rows = 1000;          // at least 1
  std::size_t bytes = 1024 * 1024;  // of keys and values; the first row always comes, whatever its size
  bool reverse = false;             // from the end of the range to its beginning
};

struct Page {
  std::vector<Row> rows;
  // The range was not exhausted: ask again with after(range, page, reverse).
  bool more = false;
};

// What is left of `range` behind the rows of `page`, which must have one.
Range after(Range range, const Page& page, bool reverse = false);

class Reader {
 public:
  virtual ~Reader() = default;
  // Nothing if there is no such key. Errors: io, corrupt, timeout, cancelled, busy.
  virtual Task<Result<std::optional<Value>>> get(Bytes key, Deadline deadline) = 0;
  // The rows of the range in order of keys, as many as the limits allow.
  virtual Task<Result<Page>> scan(Range range, ScanLimits limits, Deadline deadline) = 0;
};

// Changes that happen together, in the order they were added. Owned by one caller.
class Batch {
 public:
  enum class Kind : std::uint8_t { put, remove, remove_range };
  struct Op {
    Kind kind;
    Bytes key;         // or where the range begins
    Bytes value;       // or where the range ends (empty: to the last key)
    ChunkList chunks;  // the value instead, when it is not empty
  };
  struct Assertion {
    Bytes key;
    std::optional<Bytes> value;  // nothing: the key must not exist
  };

  // The write fails with Errc::conflict, changing nothing, unless `key` has exactly this value at that moment.
  void expect(Bytes key, std::optional<Bytes> value) { assertions_.push_back({std::move(key), std::move(value)}); }
  void put(Bytes key, Bytes value);
  // Shares the buffers; the bytes are gathered by the form when it writes.
  void put(Bytes key, ChunkList value);
  void remove(Bytes key);
  void remove(Range range);

  bool empty() const { return ops_.empty() && assertions_.empty(); }
  // Of keys and values.
  std::size_t bytes() const { return bytes_; }
  const std::vector<Op>& ops() const { return ops_; }
  const std::vector<Assertion>& assertions() const { return assertions_; }

 private:
  std::vector<Op> ops_;
  std::vector<Assertion> assertions_;
  std::size_t bytes_ = 0;
};

class Store : public Reader {
 public:
  // All of it, durably, or nothing. Errors: conflict, no_space, read_only, io (the first failure; then read_only),
  // timeout (the outcome is not known).
  virtual Task<Result<void>> write(Batch batch, Deadline deadline) = 0;
  // Whether so many octets more would leave the disk its reserve: Errc::no_space if not. Quick; from any thread.
  virtual Result<void> room(std::size_t bytes) const = 0;
  // The store as it is now, for as long as the reader is kept. Keep it briefly: it pins old data. Must not outlive the
  // store.
  virtual std::shared_ptr<Reader> snapshot() = 0;
  // What is too large for a row.
  virtual Extents& extents() = 0;
  // What a copy of the store is made from (store/backup.h). Takes as long as writing what is in memory. Errors:
  // unsupported, by forms that are no files.
  virtual Task<Result<std::shared_ptr<const Frozen>>> freeze(Deadline deadline) = 0;
  // The same store, whose calls end before they return, on the calling thread: for threads that may block (the commit
  // thread, the command line). Lives as long as this.
  virtual Store& blocking() = 0;
  // A write failed; see above.
  virtual bool read_only() const = 0;
};

// Every row of a range, page by page. Only for ranges known to be small.
Task<Result<std::vector<Row>>> scan_all(std::shared_ptr<Reader> reader, Range range, Deadline deadline);
// The same; `reader` must outlive the task.
Task<Result<std::vector<Row>>> scan_all(Reader* reader, Range range, Deadline deadline);

}  // namespace chappe::store
