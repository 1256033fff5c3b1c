#include "store/memory.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "store/body_rows.h"
#include "store/crc32c.h"

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

// Parts of letters. A segment that has this much is closed.
constexpr std::uint64_t kSegment = 1024 * 1024;

struct Segment {
  std::vector<std::pair<Extents::Part, Chunk>> parts;
  std::uint64_t size = 0;
};

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
  std::map<std::uint32_t, Segment> segments{{1, {}}};
  std::multiset<std::uint32_t> on_their_way;  // letters, by the segment that was open when they began

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

  const Value* now(const Bytes& key) const {
    const auto i = table.find(key);
    return i == table.end() ? nullptr : at(i->second, seq);
  }
  bool holds(const Bytes& key) const { return now(key) != nullptr; }
  bool holds(const Batch::Assertion& a) const {
    const Value* v = now(a.key);
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
  Extents& extents() override { return extents_; }
  Task<Result<std::shared_ptr<const Frozen>>> freeze(Deadline) override {
    co_return fail(Errc::unsupported, "a store in memory has no files");
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

  class MemoryFlow final : public Flow {
   public:
    MemoryFlow(MemoryStore* store, const Identity& identity)
        : store_(store), state_(store->state_), identity_(identity) {
      std::lock_guard lock(state_->mutex);
      held_ = *state_->on_their_way.insert(state_->segments.rbegin()->first);
    }
    ~MemoryFlow() override {
      std::lock_guard lock(state_->mutex);
      state_->on_their_way.erase(state_->on_their_way.find(held_));
    }
    Task<Result<void>> append(ChunkList octets, Deadline) override {
      rest_.append(std::move(octets));
      co_return write(kExtent);
    }
    Task<Result<std::vector<Extent>>> finish(Deadline) override {
      CO_TRY(write(1));
      co_return std::move(extents_);
    }
    void kept() override {}

   private:
    // What there is, as long as it has `least` octets.
    Result<void> write(std::size_t least) {
      std::lock_guard lock(state_->mutex);
      std::size_t done = 0;
      for (; rest_.size() - done >= least; done += extents_.back().size) {
        TRY(store_->alive(nullptr));
        if (store_->read_only_) return fail(Errc::read_only, "the store refuses writes until restart");
        const Chunk part = Chunk::copy_of(rest_.slice(done, kExtent).flatten());
        if (state_->segments.rbegin()->second.size >= kSegment)
          state_->segments.try_emplace(state_->segments.rbegin()->first + 1);
        auto& [number, segment] = *state_->segments.rbegin();
        const Extent extent{{number, static_cast<std::uint32_t>(segment.size)},
                            static_cast<std::uint32_t>(part.size()),
                            crc32c(part.view())};
        segment.parts.emplace_back(Extents::Part{identity_, extent.at, extent.size, extent.check}, part);
        segment.size += part.size();
        extents_.push_back(extent);
      }
      rest_ = rest_.slice(done, rest_.size());
      return {};
    }

    MemoryStore* store_;
    std::shared_ptr<MemoryDisk::State> state_;
    const Identity identity_;
    std::uint32_t held_;
    ChunkList rest_;
    std::vector<Extent> extents_;
  };

  class MemoryExtents final : public Extents {
   public:
    explicit MemoryExtents(MemoryStore* store) : store_(store) {}
    // Memory is not packed.
    std::unique_ptr<Flow> flow(const Identity& identity, bool) override {
      return std::make_unique<MemoryFlow>(store_, identity);
    }
    Task<Result<Chunk>> read(Extent extent, Deadline deadline) override {
      const auto& state = store_->state_;
      std::lock_guard lock(state->mutex);
      CO_TRY(store_->alive(&deadline));
      if (const auto i = state->segments.find(extent.at.segment); i != state->segments.end())
        for (const auto& [part, octets] : i->second.parts)
          if (part.at == extent.at && part.size == extent.size) co_return octets;
      co_return fail(Errc::not_found, "segment {} has no such part", extent.at.segment);
    }
    Task<Result<std::uint32_t>> saving(Extent, Deadline) override { co_return 0; }
    Task<Result<std::vector<Segment>>> segments(Deadline deadline) override {
      const auto& state = store_->state_;
      std::lock_guard lock(state->mutex);
      CO_TRY(store_->alive(&deadline));
      std::vector<Segment> out;
      for (const auto& [number, s] : state->segments)
        out.push_back({number, s.size, number != state->segments.rbegin()->first});
      co_return out;
    }
    Task<Result<std::vector<Part>>> parts(std::uint32_t segment, Deadline deadline) override {
      const auto& state = store_->state_;
      std::lock_guard lock(state->mutex);
      CO_TRY(store_->alive(&deadline));
      const auto i = state->segments.find(segment);
      if (i == state->segments.end()) co_return fail(Errc::not_found, "there is no segment {}", segment);
      std::vector<Part> out;
      for (const auto& [part, octets] : i->second.parts) out.push_back(part);
      co_return out;
    }
    Task<Result<std::uint32_t>> sweep(Deadline deadline) override {
      const auto& state = store_->state_;
      std::lock_guard lock(state->mutex);
      CO_TRY(store_->alive(&deadline));
      const std::uint32_t last = state->segments.rbegin()->first;
      const std::uint32_t end = state->on_their_way.empty() ? last : std::min(last, *state->on_their_way.begin());
      co_return static_cast<std::uint32_t>(std::erase_if(
          state->segments, [&](const auto& s) { return s.first < end && !state->holds(segment_key(s.first)); }));
    }

   private:
    MemoryStore* store_;
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
  MemoryExtents extents_{this};
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
