#include "store/rocks.h"

#include <condition_variable>
#include <mutex>

#include "store/packing.h"
#include "store/rocks_db.h"

namespace chappe::store {
namespace {

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

std::unexpected<Error> late(Deadline deadline) {
  return fail(deadline.cancel && deadline.cancel->cancelled() ? Errc::cancelled : Errc::timeout,
              "no time was left to ask the store");
}

// A job for the pool, or done at once when there is none. Keeps the database open while it runs.
template <class R, class F>
Task<Result<R>> run(net::Offload* offload, std::shared_ptr<Jobs> jobs, F job, Deadline deadline) {
  if (deadline.passed()) co_return late(deadline);
  if (!offload) co_return job();
  co_return CO_TRY(co_await net::offload(
      *offload, [token = Jobs::Token(std::move(jobs)), job = std::move(job)]() mutable { return job(); }, deadline));
}

// Calls of a reader at a point in time (or now), with or without threads for what blocks.
class Reading {
 public:
  Reading(std::shared_ptr<RocksDb> db, net::Offload* offload, std::shared_ptr<Jobs> jobs)
      : db_(std::move(db)), offload_(offload), jobs_(std::move(jobs)) {}

  Task<Result<std::optional<Value>>> get(Bytes key, std::shared_ptr<const rocksdb::Snapshot> at, Deadline deadline) {
    if (deadline.passed()) co_return late(deadline);
    if (auto now = db_->get(key, at.get(), offload_ != nullptr)) co_return std::move(*now);
    co_return co_await run<std::optional<Value>>(
        offload_, jobs_,
        [db = db_, key = std::move(key), at = std::move(at)] { return *db->get(key, at.get(), false); }, deadline);
  }

  Task<Result<Page>> scan(Range range, ScanLimits limits, std::shared_ptr<const rocksdb::Snapshot> at,
                          Deadline deadline) {
    if (deadline.passed()) co_return late(deadline);
    if (auto now = db_->scan(range, limits, at.get(), offload_ != nullptr)) co_return std::move(*now);
    co_return co_await run<Page>(
        offload_, jobs_,
        [db = db_, range = std::move(range), limits, at = std::move(at)] {
          return *db->scan(range, limits, at.get(), false);
        },
        deadline);
  }

 private:
  std::shared_ptr<RocksDb> db_;
  net::Offload* offload_;
  std::shared_ptr<Jobs> jobs_;
};

class RocksSnapshot final : public Reader {
 public:
  RocksSnapshot(std::shared_ptr<RocksDb> db, net::Offload* offload, std::shared_ptr<Jobs> jobs)
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

class RocksFlow final : public Flow {
 public:
  RocksFlow(std::shared_ptr<RocksDb> db, net::Offload* offload, std::shared_ptr<Jobs> jobs, const Identity& identity,
            bool pack)
      : writer_(std::make_shared<Writer>(std::move(db), identity, pack)), offload_(offload), jobs_(std::move(jobs)) {}

  Task<Result<void>> append(ChunkList octets, Deadline deadline) override {
    return run<void>(
        offload_, jobs_,
        [w = writer_, octets = std::move(octets)]() mutable { return w->letter.append(std::move(octets)); }, deadline);
  }
  Task<Result<std::vector<Extent>>> finish(Deadline deadline) override {
    return run<std::vector<Extent>>(
        offload_, jobs_, [w = writer_]() -> Result<std::vector<Extent>> { return *TRY(w->letter.finish()); }, deadline);
  }
  void kept() override { writer_->letter.kept(); }

 private:
  // Shared with jobs that outlive their caller's patience; the letter is given up then.
  struct Writer {
    Writer(std::shared_ptr<RocksDb> open, const Identity& identity, bool pack)
        : db(std::move(open)), letter(db->log(), identity, pack) {}
    std::shared_ptr<RocksDb> db;
    LetterWriter letter;
  };
  std::shared_ptr<Writer> writer_;
  net::Offload* offload_;
  std::shared_ptr<Jobs> jobs_;
};

class RocksExtents final : public Extents {
 public:
  RocksExtents(std::shared_ptr<RocksDb> db, net::Offload* offload, std::shared_ptr<Jobs> jobs)
      : db_(std::move(db)), offload_(offload), jobs_(std::move(jobs)) {}

  std::unique_ptr<Flow> flow(const Identity& identity, bool pack) override {
    return std::make_unique<RocksFlow>(db_, offload_, jobs_, identity, pack);
  }
  Task<Result<Chunk>> read(Extent extent, Deadline deadline) override {
    return run<Chunk>(offload_, jobs_, [db = db_, extent] { return db->log().read(extent); }, deadline);
  }
  Task<Result<std::uint32_t>> saving(Extent extent, Deadline deadline) override {
    return run<std::uint32_t>(
        offload_, jobs_,
        [db = db_, extent]() -> Result<std::uint32_t> {
          if (extent.plain != 0) return 0;
          const Chunk octets = TRY(db->log().read(extent));
          const auto packed = pack(octets.view());
          return packed ? extent.size - static_cast<std::uint32_t>(packed->size()) : 0;
        },
        deadline);
  }
  Task<Result<std::vector<Segment>>> segments(Deadline deadline) override {
    return run<std::vector<Segment>>(
        offload_, jobs_,
        [db = db_]() -> Result<std::vector<Segment>> {
          std::vector<Segment> out;
          for (const Log::Segment& s : db->log().segments()) out.push_back({s.number, s.end, s.closed});
          return out;
        },
        deadline);
  }
  Task<Result<std::vector<Part>>> parts(std::uint32_t segment, Deadline deadline) override {
    return run<std::vector<Part>>(
        offload_, jobs_,
        [db = db_, segment]() -> Result<std::vector<Part>> {
          std::vector<Part> out;
          for (const IndexEntry& e : TRY(db->log().index(segment)))
            if (e.kind == RecordKind::extent) out.push_back({e.identity, {segment, e.offset}, e.size, e.check});
          return out;
        },
        deadline);
  }
  Task<Result<std::uint32_t>> sweep(Deadline deadline) override {
    return run<std::uint32_t>(offload_, jobs_, [db = db_] { return db->sweep(); }, deadline);
  }

 private:
  std::shared_ptr<RocksDb> db_;
  net::Offload* offload_;
  std::shared_ptr<Jobs> jobs_;
};

class RocksStore final : public Store, public LiveFiles {
 public:
  RocksStore(std::shared_ptr<RocksDb> db, net::Offload* offload)
      : db_(std::move(db)), offload_(offload), reading_(db_, offload, jobs_), extents_(db_, offload, jobs_) {
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
    return run<void>(offload_, jobs_, [db = db_, batch = std::move(batch)] { return db->write(batch); }, deadline);
  }
  std::shared_ptr<Reader> snapshot() override { return std::make_shared<RocksSnapshot>(db_, offload_, jobs_); }
  Result<void> room(std::size_t bytes) const override { return db_->room(bytes); }
  Extents& extents() override { return extents_; }
  Task<Result<std::shared_ptr<const Frozen>>> freeze(Deadline deadline) override {
    return run<std::shared_ptr<const Frozen>>(offload_, jobs_, [db = db_] { return db->freeze(db); }, deadline);
  }
  Store& blocking() override { return blocking_ ? *blocking_ : *this; }
  bool read_only() const override { return db_->read_only(); }
  Result<std::vector<Damage>> damaged(const GoOn& go_on) override { return db_->damaged_files(go_on); }

 private:
  std::shared_ptr<RocksDb> db_;
  net::Offload* offload_;
  std::shared_ptr<Jobs> jobs_ = std::make_shared<Jobs>();
  Reading reading_;
  RocksExtents extents_;
  std::unique_ptr<RocksStore> blocking_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_rocks(RocksOptions options) {
  auto db = TRY(RocksDb::open(options));
  return std::make_unique<RocksStore>(std::move(db), options.offload);
}

}  // namespace chappe::store
