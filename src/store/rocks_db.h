// RocksDB and the log as one thing: what the store on RocksDB (store/rocks.cc) does, without its coroutines. Shared
// with jobs in the offload pool that outlive their caller's patience. Thread-safe; all calls block.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "store/live_files.h"
#include "store/log.h"
#include "store/rocks.h"
#include "store/rocks_env.h"

namespace chappe::store {

// Is there behind the name of a store's folder while rebuild() puts a new one in its place (rebuild.h).
inline constexpr std::string_view kRebuilt = ".rebuilt";
inline constexpr std::string_view kWhole = "/WHOLE";  // in it, when all of it is there

// What RocksDB is opened with, here and by store/rebuild.cc; without Env.
rocksdb::Options rocks_options(const RocksOptions& options);
Error to_error(const rocksdb::Status& status, std::string_view doing);
// Where a database says that it is in the log; nothing but a sequence of 0 when it is new.
Result<LogMark> mark_in(rocksdb::DB& db, rocksdb::ReadTier tier);
Result<void> put_mark(rocksdb::WriteBatch* batch, const LogMark& mark);
// What a batch of the log writes.
Result<void> gather(rocksdb::WriteBatch* out, ByteView batch);
// As Reader::scan(), of what can be read without touching the disk if `cached`; nothing then: it cannot.
std::optional<Result<Page>> scan_db(rocksdb::DB& db, const Range& range, ScanLimits limits, const rocksdb::Snapshot* at,
                                    bool cached);
// Sums of what a database's files should be (CRC-32C of all of it), by name within its folder; nothing: it has none.
struct FileSum {
  std::string name;
  std::optional<std::uint32_t> sum;
};
Result<std::vector<FileSum>> file_sums(rocksdb::DB& db, Files& files, const std::string& folder);
// Whether RocksDB's own sums, of each block of a file of rows, hold.
Result<void> check_blocks(rocksdb::Env& env, const std::string& path);
// Of what stands in the file now. `go_on` hears of each megabyte. Errors: cancelled, and those of Files.
Result<std::uint32_t> sum_of_file(Files& files, const std::string& path,
                                  const std::function<bool(std::uint64_t)>& go_on);

class RocksDb {
 public:
  // Errors: as open_rocks().
  static Result<std::shared_ptr<RocksDb>> open(const RocksOptions& options);
  explicit RocksDb(const RocksOptions& options);
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  // Nothing: it would have had to read from the disk, and `cached` forbids that.
  std::optional<Result<std::optional<Value>>> get(const Bytes& key, const rocksdb::Snapshot* at, bool cached);
  std::optional<Result<Page>> scan(const Range& range, ScanLimits limits, const rocksdb::Snapshot* at, bool cached);
  // Durable and applied when it returns. Errors: as Store::write(); no_space also when the batch is in the log and
  // could not be applied for want of space: it is, before anything else, when there is some.
  Result<void> write(const Batch& batch);
  Result<void> room(std::size_t bytes) const { return check_space(bytes, reserve_); }
  // See LiveFiles::damaged().
  Result<std::vector<LiveFiles::Damage>> damaged_files(const LiveFiles::GoOn& go_on);
  bool read_only() const { return read_only_ || log_->read_only(); }
  // Removes the segments that nothing needs any more; how many.
  Result<std::uint32_t> sweep();

  // See Store::freeze(). `self`: this.
  Result<std::shared_ptr<const Frozen>> freeze(std::shared_ptr<RocksDb> self);

  rocksdb::DB& db() { return *db_; }
  Log& log() { return *log_; }

 private:
  class Listener;
  class FrozenFiles;

  Result<void> open_db(const RocksOptions& options);
  Result<void> replay(ByteView octets, const LogMark& mark);
  Result<void> check_format();
  Result<void> apply(rocksdb::WriteBatch* batch);
  Result<void> apply_late();
  // How many octets of a segment rows name.
  Result<std::uint64_t> alive(std::uint32_t segment);
  // After a flush: the log may forget.
  void flushed();
  void flush_if_due();
  // That RocksDB has not given up for want of space, or does no longer.
  Result<void> check_background();
  // That `keep` octets are free when `wanted` are gone.
  Result<void> check_space(std::size_t wanted, std::uint64_t keep) const;

  Files& files_;
  const std::string path_;
  const std::uint64_t reserve_;
  std::shared_ptr<Removals> removals_ = std::make_shared<Removals>();
  std::shared_ptr<rocksdb::Env> env_;  // outlives the database
  std::shared_ptr<Listener> listener_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<rocksdb::DB> db_;

  std::mutex turn_;  // batches are applied in the order of the log
  // In the log, and not yet applied, because the disk was full just then. Under turn_.
  std::deque<rocksdb::WriteBatch> late_;
  std::uint64_t unflushed_ = 0;  // rows since a flush was last asked for; under turn_
  std::atomic<bool> flushing_ = false;
  std::atomic<bool> open_ = false;  // flushes may look at log_ and db_
  std::atomic<bool> starved_ = false;
  std::atomic<bool> read_only_ = false;
  std::mutex sweeping_;
};

}  // namespace chappe::store
