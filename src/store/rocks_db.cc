#include "store/rocks_db.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "base/text.h"
#include "store/batch_record.h"
#include "store/body_rows.h"
#include "store/rocks_env.h"

namespace chappe::store {
namespace {

// The layout of keys and values as a whole (docs/formats/keys.md); single values have versions of their own. Format 1
// had letters of any size in rows, and RocksDB's own log.
constexpr std::string_view kFormat = "2";
constexpr std::string_view kOldFormat = "1";

// A file with this many removals among so many neighbours is compacted.
constexpr std::size_t kDeletionWindow = 4096;
constexpr std::size_t kDeletionTrigger = 2048;
// Values above it are kept out of compaction.
constexpr std::size_t kSeparate = 16 * 1024;

rocksdb::Slice slice(ByteView v) { return {v.data(), v.size()}; }

Bytes settings_key(std::string_view name) { return KeyWriter(kSystemAccount, Space::settings).rest(name).take(); }
const Bytes& mark_key() {
  static const Bytes key = settings_key("log");
  return key;
}

// The first key of a range over everything behind `begin`: keys begin with an account number. RocksDB has no open end.
constexpr std::size_t kEndOfKeys = 64;
ByteView end_of_keys() {
  static const Bytes key(kEndOfKeys, '\xff');
  return key;
}

rocksdb::Status add(rocksdb::WriteBatch& out, const Batch::Op& op) {
  switch (op.kind) {
    case Batch::Kind::put: {
      if (op.chunks.empty()) return out.Put(slice(op.key), slice(op.value));
      std::vector<rocksdb::Slice> parts;
      parts.reserve(op.chunks.chunks().size());
      for (const Chunk& c : op.chunks.chunks()) parts.push_back(slice(c.view()));
      const rocksdb::Slice key = slice(op.key);
      return out.Put(rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(parts.data(), static_cast<int>(parts.size())));
    }
    case Batch::Kind::remove:
      return out.Delete(slice(op.key));
    case Batch::Kind::remove_range:
      return out.DeleteRange(slice(op.key), op.value.empty() ? slice(end_of_keys()) : slice(op.value));
  }
  std::unreachable();
}

rocksdb::Status add(rocksdb::WriteBatch& out, Batch::Kind kind, ByteView key, ByteView value) {
  switch (kind) {
    case Batch::Kind::put:
      return out.Put(slice(key), slice(value));
    case Batch::Kind::remove:
      return out.Delete(slice(key));
    case Batch::Kind::remove_range:
      return out.DeleteRange(slice(key), value.empty() ? slice(end_of_keys()) : slice(value));
  }
  std::unreachable();
}

class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

Error to_error(const rocksdb::Status& s, std::string_view doing) {
  // What a file is made of is not there, or says what cannot be, is damage as well.
  const bool corrupt =
      s.IsCorruption() || s.IsPathNotFound() || s.IsNotFound() || s.IsInvalidArgument() || s.IsNotSupported();
  const Errc code = corrupt ? Errc::corrupt : s.IsNoSpace() ? Errc::no_space : Errc::io;
  return Error(code, std::string(doing) + ": " + printable(s.ToString()));
}

Result<void> put_mark(rocksdb::WriteBatch* batch, const LogMark& mark) {
  const Bytes octets = mark.encode();
  const auto s = batch->Put(slice(mark_key()), slice(octets));
  if (!s.ok()) return std::unexpected(to_error(s, "gathering a write"));
  return {};
}

Result<void> gather(rocksdb::WriteBatch* out, ByteView octets) {
  return read_batch(octets, [out](Batch::Kind kind, ByteView key, ByteView value) -> Result<void> {
    const auto s = add(*out, kind, key, value);
    return s.ok() ? Result<void>() : std::unexpected(to_error(s, "gathering a write"));
  });
}

Result<LogMark> mark_in(rocksdb::DB& db, rocksdb::ReadTier tier) {
  rocksdb::ReadOptions o;
  o.read_tier = tier;
  std::string value;
  const auto s = db.Get(o, slice(mark_key()), &value);
  if (s.IsNotFound()) return LogMark();
  if (!s.ok()) return std::unexpected(to_error(s, "reading the store"));
  return LogMark::decode(value);
}

rocksdb::Options rocks_options(const RocksOptions& options) {
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
  // Only a store of format 1 has anything in RocksDB's log. A torn tail is a write that nobody was told about.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // RocksDB's file of messages would take space, and on a full disk brings the process down (an assertion in 7.8). What
  // matters reaches us as a status.
  o.info_log = std::make_shared<Silence>();
  // A sum of each file as a whole: whoever checks the store finds damage also where no row stands.
  o.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // In parts of a few KB: those of a file of 64 MB as a whole are larger than what a shard of the cache takes, and
  // would be read at each look-up (docs/decisions/0003-store-engine.md).
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.format_version = 5;
  // The queue is eaten from its front: what is left of it must not be walked through at every claim.
  o.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(kDeletionWindow, kDeletionTrigger));
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

// Called by RocksDB's threads.
class RocksDb::Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(RocksDb* owner) : owner_(owner) {}
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    if (owner_->open_) owner_->flushed();
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* why) override {
    (why->IsNoSpace() ? owner_->starved_ : owner_->read_only_) = true;
  }

 private:
  RocksDb* owner_;
};

RocksDb::RocksDb(const RocksOptions& options)
    : files_(*options.files),
      path_(options.path),
      reserve_(options.reserve),
      env_(make_rocks_env(*options.files, options.hasty, removals_)),
      listener_(std::make_shared<Listener>(this)) {}

RocksDb::~RocksDb() {
  open_ = false;
  // Writes what is in its memtables; what fails is replayed. A flush that has just ended may still look at db_.
  if (db_) (void)db_->Close();
}

Result<std::shared_ptr<RocksDb>> RocksDb::open(const RocksOptions& options) {
  auto self = std::make_shared<RocksDb>(options);
  if (options.files->status(options.path + std::string(kRebuilt) + std::string(kWhole)))
    return fail(Errc::corrupt, "a repair of the store {} was interrupted: repair it again", options.path);
  TRY(make_folders(*options.files, options.path));
  TRY(self->open_db(options));
  const LogMark have = TRY(mark_in(*self->db_, rocksdb::kReadAllTier));
  Log::Options log{.files = options.files,
                   .folder = options.path + "/log",
                   .segment_size = options.segment,
                   .reserve = options.reserve / 2};
  auto opened =
      Log::open(std::move(log), have, [&](const LogMark& mark, ByteView octets) { return self->replay(octets, mark); });
  if (!opened) {
    // Nothing is to be written beside what cannot be understood.
    (void)self->db_->SetDBOptions({{"avoid_flush_during_shutdown", "true"}});
    return std::unexpected(opened.error());
  }
  self->log_ = std::move(*opened);
  self->removals_->release(*options.files);
  self->open_ = true;
  TRY(self->check_format());
  return self;
}

Result<void> RocksDb::open_db(const RocksOptions& options) {
  rocksdb::Options o = rocks_options(options);
  o.env = env_.get();
  o.listeners.push_back(listener_);
  rocksdb::DB* db = nullptr;
  const auto s = rocksdb::DB::Open(o, path_, &db);
  if (!s.ok()) {
    const std::string text = s.ToString();
    if (s.IsBusy() || (s.IsIOError() && (text.find("lock file") != text.npos || text.find("lock hold") != text.npos)))
      return fail(Errc::busy, "the store {} is in use by another process", path_);
    return std::unexpected(to_error(s, "opening the store " + path_));
  }
  db_.reset(db);
  return {};
}

Result<void> RocksDb::replay(ByteView octets, const LogMark& mark) {
  rocksdb::WriteBatch out;
  TRY(gather(&out, octets));
  TRY(put_mark(&out, mark));
  return apply(&out);
}

Result<void> RocksDb::apply(rocksdb::WriteBatch* batch) {
  rocksdb::WriteOptions o;
  o.disableWAL = true;
  const auto s = db_->Write(o, batch);
  if (!s.ok()) return std::unexpected(to_error(s, "applying a write"));
  return {};
}

Result<void> RocksDb::check_format() {
  const Bytes key = settings_key("format");
  const std::optional<Value> format = TRY(*get(key, nullptr, false));
  if (format && format->view() == kFormat) return {};
  if (format && format->view() != kOldFormat)
    return fail(Errc::unsupported, "the store has format {}, this program knows {}", printable(format->view(), 20),
                kFormat);
  Batch batch;
  batch.put(key, Bytes(kFormat));
  TRY(write(batch));
  // An older program would not look into the log.
  const auto s = db_->Flush({});
  if (!s.ok()) return std::unexpected(to_error(s, "making the store " + path_));
  return {};
}

// --- reading

std::optional<Result<std::optional<Value>>> RocksDb::get(const Bytes& key, const rocksdb::Snapshot* at, bool cached) {
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

std::optional<Result<Page>> scan_db(rocksdb::DB& db, const Range& range, ScanLimits limits, const rocksdb::Snapshot* at,
                                    bool cached) {
  Page page;
  if (range.empty()) return page;
  rocksdb::ReadOptions o;
  o.snapshot = at;
  if (cached) o.read_tier = rocksdb::kBlockCacheTier;
  const rocksdb::Slice lower = slice(range.begin);
  const rocksdb::Slice upper = slice(range.end);
  o.iterate_lower_bound = &lower;
  if (!range.end.empty()) o.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> i(db.NewIterator(o));
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

std::optional<Result<Page>> RocksDb::scan(const Range& range, ScanLimits limits, const rocksdb::Snapshot* at,
                                          bool cached) {
  return scan_db(*db_, range, limits, at, cached);
}

// --- writing

Result<void> RocksDb::write(const Batch& batch) {
  rocksdb::WriteBatch out;
  for (const Batch::Op& op : batch.ops()) {
    if (op.key.empty() && op.kind != Batch::Kind::remove_range) return fail(Errc::bug, "a key must not be empty");
    if (const auto s = add(out, op); !s.ok()) return std::unexpected(to_error(s, "gathering a write"));
  }
  const BatchRecord record(batch);

  std::lock_guard lock(turn_);
  if (read_only_) return fail(Errc::read_only, "the store refuses writes until restart: an earlier write failed");
  for (const Batch::Assertion& a : batch.assertions()) {
    const std::optional<Value> now = TRY(*get(a.key, nullptr, false));
    if (a.value ? !now || now->view() != *a.value : now.has_value())
      return fail(Errc::conflict, "a value that the write relies on has changed");
  }
  TRY(check_background());
  TRY(check_space(batch.bytes(), reserve_ / 2));
  const LogMark mark = TRY(log_->append_batch(record.parts()));
  TRY(log_->sync());
  TRY(put_mark(&out, mark));
  late_.push_back(std::move(out));
  TRY(apply_late());
  flush_if_due();
  return {};
}

Result<void> RocksDb::apply_late() {
  for (; !late_.empty(); late_.pop_front()) {
    const auto rows = late_.front().Count();
    if (auto applied = apply(&late_.front()); !applied) {
      // The log has it. So nothing more is taken before it is applied: later, or when the store opens.
      if (applied.error().code() == Errc::no_space) {
        starved_ = true;
        return std::unexpected(applied.error());
      }
      read_only_ = true;
      return fail(Errc::io, "{}; the store refuses writes until restart", applied.error().text());
    }
    unflushed_ += rows;
  }
  return {};
}

void RocksDb::flush_if_due() {
  if (unflushed_ < kUnflushedRows && log_->unapplied() < kUnflushedOctets) return;
  if (flushing_.exchange(true)) return;
  unflushed_ = 0;
  rocksdb::FlushOptions o;
  o.wait = false;
  o.allow_write_stall = true;
  if (!db_->Flush(o).ok()) flushing_ = false;
}

void RocksDb::flushed() {
  flushing_ = false;
  const auto done = mark_in(*db_, rocksdb::kPersistedTier);
  if (!done || done->sequence == 0) return;
  log_->set_applied(*done);
  (void)sweep();
}

Result<std::uint32_t> RocksDb::sweep() {
  std::lock_guard lock(sweeping_);
  std::uint32_t removed = 0;
  // Whoever had a letter on its way into a segment has it in a row now, or has given it up: what is removable here gets
  // no new row, and the count that is read after this is the last word unless rows go.
  for (const Log::Segment& s : log_->segments()) {
    if (!s.removable || TRY(alive(s.number)) > 0) continue;
    TRY(log_->remove(s.number));
    ++removed;
  }
  return removed;
}

Result<std::uint64_t> RocksDb::alive(std::uint32_t segment) {
  const auto row = TRY(*get(segment_key(segment), nullptr, false));
  return row ? decode_segment_row(row->view()) : Result<std::uint64_t>(0);
}

// --- copies

class RocksDb::FrozenFiles final : public Frozen {
 public:
  explicit FrozenFiles(std::shared_ptr<RocksDb> db) : db_(std::move(db)), hold_(*db_->log_) {}
  ~FrozenFiles() override {
    if (disabled_) (void)db_->db_->EnableFileDeletions(false);
  }
  const std::string& folder() const override { return db_->path_; }
  std::uint64_t id() const override { return db_->log_->id(); }

  Result<void> list() {
    // So that little must be replayed.
    auto s = db_->db_->Flush({});
    if (s.ok()) s = db_->db_->DisableFileDeletions();
    if (!s.ok()) return std::unexpected(to_error(s, "freezing the store"));
    disabled_ = true;
    // What is applied is in the log: between the two lists nothing must be written.
    std::lock_guard lock(db_->turn_);
    std::vector<std::string> live;
    std::uint64_t manifest_size = 0;
    s = db_->db_->GetLiveFiles(live, &manifest_size, false);
    if (!s.ok()) return std::unexpected(to_error(s, "freezing the store"));
    for (const std::string& path : live) TRY(add(path.substr(path.find_first_not_of('/')), manifest_size));
    TRY(db_->log_->sync());
    for (const Log::Segment& segment : db_->log_->segments())
      if (!segment.old || TRY(db_->alive(segment.number)) > 0)
        files_.push_back({.name = fmt::format("log/{:08}.seg", segment.number),
                          .size = segment.closed ? segment.size : segment.end,
                          .final = segment.closed});
    return {};
  }

 private:
  Result<void> add(const std::string& name, std::uint64_t manifest_size) {
    if (name == "CURRENT") return {};
    if (name.starts_with("MANIFEST")) {
      files_.push_back({.name = name, .size = manifest_size});
      const Bytes current = name + "\n";
      files_.push_back({.name = "CURRENT", .size = current.size(), .contents = current});
      return {};
    }
    const std::uint64_t size = TRY(db_->files_.status(db_->path_ + "/" + name)).size;
    files_.push_back({.name = name, .size = size, .final = name.ends_with(".sst") || name.ends_with(".blob")});
    return {};
  }

  std::shared_ptr<RocksDb> db_;
  Log::Hold hold_;
  bool disabled_ = false;
};

Result<std::shared_ptr<const Frozen>> RocksDb::freeze(std::shared_ptr<RocksDb> self) {
  auto frozen = std::make_shared<FrozenFiles>(std::move(self));
  TRY(frozen->list());
  return frozen;
}

// --- space

Result<void> RocksDb::check_background() {
  if (!starved_) return {};
  TRY(check_space(0, reserve_ / 2));
  // Busy: RocksDB tries by itself, every few seconds.
  const auto s = db_->Resume();
  if (!s.ok()) return fail(Errc::no_space, "the disk of the store was full: {}", printable(s.ToString()));
  starved_ = false;
  return apply_late();
}

Result<void> RocksDb::check_space(std::size_t wanted, std::uint64_t keep) const {
  const std::uint64_t free = TRY(files_.free_space(path_));
  if (free >= keep && free - keep >= wanted) return {};
  return fail(Errc::no_space, "the disk of the store has {} MiB left, which is below its reserve of {} MiB", free >> 20,
              reserve_ >> 20);
}

}  // namespace chappe::store
