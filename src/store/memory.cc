#include "store/memory.h"

#include <deque>
#include <map>
#include <set>

namespace chappe::store {
namespace {

// The versions of one key, oldest first; a version without value is a removal. More than one only while a snapshot
// that may read the older ones lives.
struct Version {
  std::uint64_t seq;
  std::optional<Value> value;
};
using Versions = std::deque<Version>;
using Table = std::map<Bytes, Versions, std::less<>>;

const Value* at(const Versions& versions, std::uint64_t seq) {
  for (auto v = versions.rbegin(); v != versions.rend(); ++v)
    if (v->seq <= seq) return v->value ? &*v->value : nullptr;
  return nullptr;
}

Value to_value(const Batch::Op& op) {
  if (op.chunks.empty()) return Chunk::copy_of(op.value);
  if (op.chunks.chunks().size() == 1) return op.chunks.chunks().front();
  return Chunk::copy_of(op.chunks.flatten());
}

}  // namespace

struct MemoryDisk::State {
  std::mutex mutex;
  std::uint64_t epoch = 0;  // a store of an earlier epoch has lost its power
  bool open = false;
  Table table;                          // what a running store sees
  std::vector<Batch> unsynced;          // the sync failed, the bytes had reached the disk: seen after the power cut
  std::multiset<std::uint64_t> pinned;  // by snapshots
  std::uint64_t seq = 0;
  std::uint64_t writes = 0;
  std::function<Fate(std::uint64_t)> fate;
  bool full = false;

  void set(const Bytes& key, std::optional<Value> value) {
    Versions& versions = table[key];
    versions.push_back({seq, std::move(value)});
    const std::uint64_t oldest = pinned.empty() ? seq : *pinned.begin();
    while (versions.size() > 1 && versions[1].seq <= oldest) versions.pop_front();
    if (versions.size() == 1 && !versions.front().value) table.erase(key);
  }

  void apply(const Batch& batch) {
    ++seq;
    for (const Batch::Op& op : batch.ops()) {
      switch (op.kind) {
        case Batch::Kind::put:
          set(op.key, to_value(op));
          break;
        case Batch::Kind::remove:
          if (table.contains(op.key)) set(op.key, std::nullopt);
          break;
        case Batch::Kind::remove_range: {
          std::vector<Bytes> keys;
          const Range range{op.key, op.value};
          for (auto i = table.lower_bound(op.key); i != table.end() && range.contains(i->first); ++i)
            keys.push_back(i->first);
          for (const Bytes& key : keys) set(key, std::nullopt);
          break;
        }
      }
    }
  }

  bool holds(const Batch::Assertion& a) const {
    const auto i = table.find(a.key);
    const Value* v = i == table.end() ? nullptr : at(i->second, seq);
    return a.value ? v && v->view() == *a.value : v == nullptr;
  }
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryDisk::State> state, std::unique_ptr<MemoryDisk> own = nullptr)
      : own_(std::move(own)), state_(std::move(state)), epoch_(state_->epoch) {}
  ~MemoryStore() override {
    std::lock_guard lock(state_->mutex);
    if (epoch_ == state_->epoch) state_->open = false;
  }

  static Result<std::unique_ptr<Store>> open(MemoryDisk& disk) {
    std::lock_guard lock(disk.state_->mutex);
    if (disk.state_->open) return fail(Errc::busy, "the store is open already; one process owns a store");
    disk.state_->open = true;
    return std::make_unique<MemoryStore>(disk.state_);
  }
  static std::unique_ptr<Store> make() {
    auto disk = std::make_unique<MemoryDisk>();
    auto state = disk->state_;
    return std::make_unique<MemoryStore>(std::move(state), std::move(disk));
  }

  Task<Result<std::optional<Value>>> get(Bytes key, Deadline deadline) override { co_return read(key, kNow, deadline); }
  Task<Result<Page>> scan(Range range, ScanLimits limits, Deadline deadline) override {
    co_return read(range, limits, kNow, deadline);
  }
  Task<Result<void>> write(Batch batch, Deadline deadline) override {
    if (deadline.passed()) co_return fail(Errc::timeout, "no time was left to write");
    co_return write_now(std::move(batch));
  }
  std::shared_ptr<Reader> snapshot() override {
    std::lock_guard lock(state_->mutex);
    return std::make_shared<Snapshot>(this, state_->seq);
  }
  Result<void> room(std::size_t) const override {
    std::lock_guard lock(state_->mutex);
    if (state_->full) return fail(Errc::no_space, "the disk is below its reserve");
    return {};
  }
  Store& blocking() override { return *this; }
  bool read_only() const override { return read_only_; }

 private:
  static constexpr std::uint64_t kNow = ~std::uint64_t{0};
  using Fate = MemoryDisk::Fate;

  class Snapshot final : public Reader {
   public:
    Snapshot(MemoryStore* store, std::uint64_t seq) : store_(store), state_(store->state_), seq_(seq) {
      state_->pinned.insert(seq);
    }
    ~Snapshot() override {
      std::lock_guard lock(state_->mutex);
      state_->pinned.erase(state_->pinned.find(seq_));
    }
    Task<Result<std::optional<Value>>> get(Bytes key, Deadline deadline) override {
      co_return store_->read(key, seq_, deadline);
    }
    Task<Result<Page>> scan(Range range, ScanLimits limits, Deadline deadline) override {
      co_return store_->read(range, limits, seq_, deadline);
    }

   private:
    MemoryStore* store_;
    std::shared_ptr<MemoryDisk::State> state_;
    std::uint64_t seq_;
  };

  Result<void> alive(const Deadline* deadline) const {
    if (deadline && deadline->passed()) return fail(Errc::timeout, "no time was left to read");
    if (epoch_ != state_->epoch) return fail(Errc::io, "the power is gone");
    return {};
  }

  Result<std::optional<Value>> read(const Bytes& key, std::uint64_t seq, Deadline deadline) const {
    std::lock_guard lock(state_->mutex);
    TRY(alive(&deadline));
    const auto i = state_->table.find(key);
    const Value* v = i == state_->table.end() ? nullptr : at(i->second, seq);
    if (!v) return std::optional<Value>();
    return std::optional<Value>(*v);
  }

  Result<Page> read(const Range& range, ScanLimits limits, std::uint64_t seq, Deadline deadline) const {
    std::lock_guard lock(state_->mutex);
    TRY(alive(&deadline));
    Page page;
    if (range.empty()) return page;
    std::size_t bytes = 0;
    // False when the limits are met; the row is then left for the next page.
    const auto take = [&](const auto& entry) {
      const Value* v = at(entry.second, seq);
      if (!v) return true;
      const std::size_t size = entry.first.size() + v->size();
      if (!page.rows.empty() && (page.rows.size() >= limits.rows || bytes + size > limits.bytes)) {
        page.more = true;
        return false;
      }
      bytes += size;
      page.rows.push_back({entry.first, *v});
      return true;
    };
    const auto first = state_->table.lower_bound(range.begin);
    auto last = range.end.empty() ? state_->table.end() : state_->table.lower_bound(range.end);
    if (limits.reverse) {
      while (last != first)
        if (!take(*--last)) break;
    } else {
      for (auto i = first; i != last; ++i)
        if (!take(*i)) break;
    }
    return page;
  }

  Result<void> write_now(Batch batch) {
    std::lock_guard lock(state_->mutex);
    TRY(alive(nullptr));
    if (read_only_) return fail(Errc::read_only, "the store refuses writes until restart: an earlier write failed");
    for (const Batch::Op& op : batch.ops())
      if (op.key.empty() && op.kind != Batch::Kind::remove_range) return fail(Errc::bug, "a key must not be empty");
    for (const Batch::Assertion& a : batch.assertions())
      if (!state_->holds(a)) return fail(Errc::conflict, "a value that the write relies on has changed");
    ++state_->writes;
    switch (state_->fate ? state_->fate(state_->writes) : Fate::good) {
      case Fate::good:
        state_->apply(batch);
        return {};
      case Fate::no_space:
        --state_->writes;
        return fail(Errc::no_space, "the disk is full");
      case Fate::kept:
        state_->unsynced.push_back(std::move(batch));
        break;
      case Fate::lost:
        break;
    }
    read_only_ = true;
    return fail(Errc::io, "the write could not be made durable; the store refuses writes until restart");
  }

  std::unique_ptr<MemoryDisk> own_;
  std::shared_ptr<MemoryDisk::State> state_;
  const std::uint64_t epoch_;
  std::atomic<bool> read_only_ = false;
};

MemoryDisk::MemoryDisk() : state_(std::make_shared<State>()) {}
MemoryDisk::~MemoryDisk() = default;

void MemoryDisk::set_fate(std::function<Fate(std::uint64_t)> fate) {
  std::lock_guard lock(state_->mutex);
  state_->fate = std::move(fate);
}

void MemoryDisk::set_full(bool full) {
  std::lock_guard lock(state_->mutex);
  state_->full = full;
}

void MemoryDisk::cut_power() {
  std::lock_guard lock(state_->mutex);
  ++state_->epoch;
  state_->open = false;
  state_->fate = nullptr;
  for (const Batch& batch : state_->unsynced) state_->apply(batch);
  state_->unsynced.clear();
}

std::uint64_t MemoryDisk::writes() const {
  std::lock_guard lock(state_->mutex);
  return state_->writes;
}

Result<std::unique_ptr<Store>> open_memory(MemoryDisk& disk) { return MemoryStore::open(disk); }
std::unique_ptr<Store> make_memory() { return MemoryStore::make(); }

}  // namespace chappe::store
