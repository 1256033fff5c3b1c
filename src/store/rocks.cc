#include "store/rocks.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <shared_mutex>

#include "base/text.h"

namespace chappe::store {
namespace {

// The layout of keys and values as a whole (docs/formats/keys.md); single values have versions of their own.
constexpr std::string_view kFormat = "1";

// A file with this many removals among so many neighbours is compacted.
constexpr std::size_t kDeletionWindow = 4096;
constexpr std::size_t kDeletionTrigger = 2048;

Error to_error(const rocksdb::Status& s, std::string_view doing) {
  const Errc code = s.IsCorruption() ? Errc::corrupt : Errc::io;
  return Error(code, std::string(doing) + ": " + printable(s.ToString()));
}

rocksdb::Slice slice(ByteView v) { return {v.data(), v.size()}; }

// Lets a test fail the syncs of chosen files; everything else is the real file system.
class FaultyFiles final : public rocksdb::FileSystemWrapper {
 public:
  using Hook = std::function<bool(std::string_view)>;
  FaultyFiles(std::shared_ptr<rocksdb::FileSystem> base, Hook hook)
      : FileSystemWrapper(std::move(base)), hook_(std::move(hook)) {}
  const char* Name() const override { return "chappe.FaultyFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    rocksdb::IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    auto s = target()->NewWritableFile(name, options, &file, debug);
    if (s.ok()) *out = std::make_unique<File>(std::move(file), name, &hook_);
    return s;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> base, std::string name, const Hook* hook)
        : FSWritableFileOwnerWrapper(std::move(base)), name_(std::move(name)), hook_(hook) {}
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      if ((*hook_)(name_)) return rocksdb::IOStatus::IOError("the test says no");
      return FSWritableFileOwnerWrapper::Sync(options, debug);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
      if ((*hook_)(name_)) return rocksdb::IOStatus::IOError("the test says no");
      return FSWritableFileOwnerWrapper::Fsync(options, debug);
    }

   private:
    std::string name_;
    const Hook* hook_;
  };
  Hook hook_;
};

// The open database. Shared with jobs in the offload pool that outlive their caller's patience. Thread-safe; its calls
// block.
class Db {
 public:
  static Result<std::shared_ptr<Db>> open(const RocksOptions& options) {
    auto self = std::make_shared<Db>();
    self->path_ = options.path;
    self->reserve_ = options.reserve;
    self->free_space_ = options.free_space;

    std::error_code ec;
    if (!std::filesystem::exists(options.path, ec)) {
      std::filesystem::create_directories(options.path, ec);
      // Other people's mail.
      if (!ec) std::filesystem::permissions(options.path, std::filesystem::perms::owner_all, ec);
      if (ec) return fail(Errc::io, "the store's folder {} cannot be made: {}", options.path, ec.message());
    }

    rocksdb::Options o;
    o.create_if_missing = true;
    o.max_open_files = kMaxOpenFiles;
    o.max_background_jobs = 2;
    o.write_buffer_size = options.memtable;
    o.max_write_buffer_number = 2;
    o.level_compaction_dynamic_level_bytes = true;
    o.compression = rocksdb::kLZ4Compression;
    o.enable_blob_files = true;
    o.min_blob_size = kSeparate;
    o.blob_compression_type = rocksdb::kLZ4Compression;
    o.enable_blob_garbage_collection = true;
    // A torn tail is a write that nobody was told about. Anything else that does not add up must be told, not skipped.
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    o.info_log_level = rocksdb::WARN_LEVEL;
    o.keep_log_file_num = 5;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.format_version = 5;
    // The queue is eaten from its front: what is left of it must not be walked through at every claim.
    o.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(kDeletionWindow, kDeletionTrigger));
    o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    if (options.fail_sync) {
      self->env_ =
          rocksdb::NewCompositeEnv(std::make_shared<FaultyFiles>(rocksdb::FileSystem::Default(), options.fail_sync));
      o.env = self->env_.get();
    }

    rocksdb::DB* db = nullptr;
    const auto s = rocksdb::DB::Open(o, options.path, &db);
    if (!s.ok()) {
      const std::string text = s.ToString();
      if (s.IsIOError() && (text.find("lock file") != text.npos || text.find("lock hold") != text.npos))
        return fail(Errc::busy, "the store {} is in use by another process", options.path);
      return std::unexpected(to_error(s, "opening the store " + options.path));
    }
    self->db_.reset(db);
    TRY(self->check_format());
    return self;
  }

  // Nothing: it would have had to read from the disk, and `cached` forbids that.
  std::optional<Result<std::optional<Value>>> get(const Bytes& key, const rocksdb::Snapshot* at, bool cached) {
    rocksdb::ReadOptions o;
    o.snapshot = at;
    if (cached) o.read_tier = rocksdb::kBlockCacheTier;
    rocksdb::PinnableSlice value;
    const auto s = db_->Get(o, db_->DefaultColumnFamily(), slice(key), &value);
    if (s.IsIncomplete()) return std::nullopt;
    if (s.IsNotFound()) return std::optional<Value>();
    if (!s.ok()) return std::unexpected(to_error(s, "reading the store"));
    return std::optional<Value>(Chunk::copy_of({value.data(), value.size()}));
  }

  std::optional<Result<Page>> scan(const Range& range, ScanLimits limits, const rocksdb::Snapshot* at, bool cached) {
    Page page;
    if (range.empty()) return page;
    rocksdb::ReadOptions o;
    o.snapshot = at;
    if (cached) o.read_tier = rocksdb::kBlockCacheTier;
    const rocksdb::Slice lower = slice(range.begin);
    const rocksdb::Slice upper = slice(range.end);
    o.iterate_lower_bound = &lower;
    if (!range.end.empty()) o.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> i(db_->NewIterator(o));
    std::size_t bytes = 0;
    for (limits.reverse ? i->SeekToLast() : i->Seek(lower); i->Valid(); limits.reverse ? i->Prev() : i->Next()) {
      const std::size_t size = i->key().size() + i->value().size();
      if (!page.rows.empty() && (page.rows.size() >= limits.rows || bytes + size > limits.bytes)) {
        page.more = true;
        break;
      }
      bytes += size;
      page.rows.push_back({i->key().ToString(), Chunk::copy_of({i->value().data(), i->value().size()})});
    }
    if (i->status().IsIncomplete()) return std::nullopt;
    if (!i->status().ok()) return std::unexpected(to_error(i->status(), "reading the store"));
    return page;
  }

  Result<void> write(const Batch& batch) {
    if (read_only_) return fail(Errc::read_only, "the store refuses writes until restart: an earlier write failed");
    rocksdb::WriteBatch out;
    for (const Batch::Op& op : batch.ops()) {
      if (op.key.empty() && op.kind != Batch::Kind::remove_range) return fail(Errc::bug, "a key must not be empty");
      TRY(add(out, op));
    }
    TRY(check_space(batch.bytes(), reserve_ / 2));
    rocksdb::WriteOptions o;
    o.sync = true;
    rocksdb::Status s;
    if (batch.assertions().empty()) {
      std::shared_lock lock(assertions_);
      s = db_->Write(o, &out);
    } else {
      std::unique_lock lock(assertions_);
      for (const Batch::Assertion& a : batch.assertions()) {
        const std::optional<Value> now = TRY(*get(a.key, nullptr, false));
        if (a.value ? !now || now->view() != *a.value : now.has_value())
          return fail(Errc::conflict, "a value that the write relies on has changed");
      }
      s = db_->Write(o, &out);
    }
    if (s.ok()) return {};
    // What has reached the disk is not known now, and a later sync that succeeds would prove nothing.
    read_only_ = true;
    return std::unexpected(to_error(s, "the write could not be made durable; the store refuses writes until restart"));
  }

  Result<void> room(std::size_t bytes) const { return check_space(bytes, reserve_); }
  bool read_only() const { return read_only_; }
  rocksdb::DB& db() { return *db_; }

 private:
  // The first key of a range over everything behind `begin`: keys begin with an account number.
  static constexpr std::size_t kEndOfKeys = 64;

  Result<void> add(rocksdb::WriteBatch& out, const Batch::Op& op) {
    rocksdb::Status s;
    switch (op.kind) {
      case Batch::Kind::put:
        if (op.chunks.empty()) {
          s = out.Put(slice(op.key), slice(op.value));
        } else {
          std::vector<rocksdb::Slice> parts;
          parts.reserve(op.chunks.chunks().size());
          for (const Chunk& c : op.chunks.chunks()) parts.push_back(slice(c.view()));
          const rocksdb::Slice key = slice(op.key);
          s = out.Put(rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(parts.data(), static_cast<int>(parts.size())));
        }
        break;
      case Batch::Kind::remove:
        s = out.Delete(slice(op.key));
        break;
      case Batch::Kind::remove_range:
        // RocksDB has no open end: a run of FF is behind every key that begins with an account number.
        s = out.DeleteRange(slice(op.key), op.value.empty() ? slice(end_of_keys_) : slice(op.value));
        break;
    }
    if (!s.ok()) return std::unexpected(to_error(s, "gathering a write"));
    return {};
  }

  // That `keep` octets are free when `wanted` are gone.
  Result<void> check_space(std::size_t wanted, std::uint64_t keep) const {
    std::uint64_t free = 0;
    if (free_space_) {
      free = free_space_();
    } else {
      struct statvfs v;
      if (::statvfs(path_.c_str(), &v) != 0) return fail(Errc::io, "the store's file system does not answer");
      free = static_cast<std::uint64_t>(v.f_bavail) * v.f_frsize;
    }
    if (free >= keep && free - keep >= wanted) return {};
    return fail(Errc::no_space, "the disk of the store has {} MiB left, which is below its reserve of {} MiB",
                free / (1024 * 1024), reserve_ / (1024 * 1024));
  }

  Result<void> check_format() {
    const Bytes key = KeyWriter(kSystemAccount, Space::settings).rest("format").take();
    const std::optional<Value> format = TRY(*get(key, nullptr, false));
    if (!format) {
      Batch batch;
      batch.put(key, Bytes(kFormat));
      return write(batch);
    }
    if (format->view() == kFormat) return {};
    return fail(Errc::unsupported, "the store has format {}, this program knows {}", printable(format->view(), 20),
                kFormat);
  }

  std::string path_;
  std::uint64_t reserve_ = 0;
  std::function<std::uint64_t()> free_space_;
  const Bytes end_of_keys_ = Bytes(kEndOfKeys, '\xff');
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::shared_mutex assertions_;  // a batch with assertions runs alone
  std::atomic<bool> read_only_ = false;
};

// What the offload pool is doing with the database: it is closed only when all that has ended.
class Jobs {
 public:
  class Token {
   public:
    explicit Token(std::shared_ptr<Jobs> jobs) : jobs_(std::move(jobs)) { jobs_->add(1); }
    Token(Token&&) noexcept = default;
    Token& operator=(Token&&) = delete;
    ~Token() {
      if (jobs_) jobs_->add(-1);
    }

   private:
    std::shared_ptr<Jobs> jobs_;
  };

  void wait_idle() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return running_ == 0; });
  }

 private:
  void add(int n) {
    std::lock_guard lock(mutex_);
    running_ += n;
    if (running_ == 0) idle_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable idle_;
  int running_ = 0;
};

// Calls of a reader at a point in time (or now), with or without threads for what blocks.
class Reading {
 public:
  Reading(std::shared_ptr<Db> db, net::Offload* offload, std::shared_ptr<Jobs> jobs)
      : db_(std::move(db)), offload_(offload), jobs_(std::move(jobs)) {}

  Task<Result<std::optional<Value>>> get(Bytes key, std::shared_ptr<const rocksdb::Snapshot> at, Deadline deadline) {
    if (deadline.passed()) co_return late(deadline);
    if (auto now = db_->get(key, at.get(), offload_ != nullptr)) co_return std::move(*now);
    co_return CO_TRY(
        co_await net::offload(*offload_, Get{Jobs::Token(jobs_), db_, std::move(key), std::move(at)}, deadline));
  }

  Task<Result<Page>> scan(Range range, ScanLimits limits, std::shared_ptr<const rocksdb::Snapshot> at,
                          Deadline deadline) {
    if (deadline.passed()) co_return late(deadline);
    if (auto now = db_->scan(range, limits, at.get(), offload_ != nullptr)) co_return std::move(*now);
    co_return CO_TRY(co_await net::offload(
        *offload_, Scan{Jobs::Token(jobs_), db_, std::move(range), limits, std::move(at)}, deadline));
  }

  static std::unexpected<Error> late(Deadline deadline) {
    return fail(deadline.cancel && deadline.cancel->cancelled() ? Errc::cancelled : Errc::timeout,
                "no time was left to ask the store");
  }

 private:
  struct Get {
    Jobs::Token token;
    std::shared_ptr<Db> db;
    Bytes key;
    std::shared_ptr<const rocksdb::Snapshot> at;
    Result<std::optional<Value>> operator()() { return *db->get(key, at.get(), false); }
  };
  struct Scan {
    Jobs::Token token;
    std::shared_ptr<Db> db;
    Range range;
    ScanLimits limits;
    std::shared_ptr<const rocksdb::Snapshot> at;
    Result<Page> operator()() { return *db->scan(range, limits, at.get(), false); }
  };

  std::shared_ptr<Db> db_;
  net::Offload* offload_;
  std::shared_ptr<Jobs> jobs_;
};

class RocksSnapshot final : public Reader {
 public:
  RocksSnapshot(std::shared_ptr<Db> db, net::Offload* offload, std::shared_ptr<Jobs> jobs)
      : reading_(db, offload, std::move(jobs)) {
    const rocksdb::Snapshot* raw = db->db().GetSnapshot();
    at_ = std::shared_ptr<const rocksdb::Snapshot>(
        raw, [db = std::move(db)](const rocksdb::Snapshot* s) { db->db().ReleaseSnapshot(s); });
  }
  Task<Result<std::optional<Value>>> get(Bytes key, Deadline deadline) override {
    return reading_.get(std::move(key), at_, deadline);
  }
  Task<Result<Page>> scan(Range range, ScanLimits limits, Deadline deadline) override {
    return reading_.scan(std::move(range), limits, at_, deadline);
  }

 private:
  Reading reading_;
  std::shared_ptr<const rocksdb::Snapshot> at_;
};

class RocksStore final : public Store {
 public:
  RocksStore(std::shared_ptr<Db> db, net::Offload* offload)
      : db_(std::move(db)), offload_(offload), reading_(db_, offload, jobs_) {
    if (offload_) blocking_ = std::make_unique<RocksStore>(db_, nullptr);
  }
  ~RocksStore() override { jobs_->wait_idle(); }

  Task<Result<std::optional<Value>>> get(Bytes key, Deadline deadline) override {
    return reading_.get(std::move(key), nullptr, deadline);
  }
  Task<Result<Page>> scan(Range range, ScanLimits limits, Deadline deadline) override {
    return reading_.scan(std::move(range), limits, nullptr, deadline);
  }
  Task<Result<void>> write(Batch batch, Deadline deadline) override {
    if (deadline.passed()) co_return Reading::late(deadline);
    if (!offload_) co_return db_->write(batch);
    co_return CO_TRY(co_await net::offload(*offload_, Write{Jobs::Token(jobs_), db_, std::move(batch)}, deadline));
  }
  std::shared_ptr<Reader> snapshot() override { return std::make_shared<RocksSnapshot>(db_, offload_, jobs_); }
  Result<void> room(std::size_t bytes) const override { return db_->room(bytes); }
  Store& blocking() override { return blocking_ ? *blocking_ : *this; }
  bool read_only() const override { return db_->read_only(); }

 private:
  struct Write {
    Jobs::Token token;
    std::shared_ptr<Db> db;
    Batch batch;
    Result<void> operator()() { return db->write(batch); }
  };

  std::shared_ptr<Db> db_;
  net::Offload* offload_;
  std::shared_ptr<Jobs> jobs_ = std::make_shared<Jobs>();
  Reading reading_;
  std::unique_ptr<RocksStore> blocking_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_rocks(RocksOptions options) {
  auto db = TRY(Db::open(options));
  return std::make_unique<RocksStore>(std::move(db), options.offload);
}

}  // namespace chappe::store
