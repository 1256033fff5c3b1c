#include "store/fault_files.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/text.h"

namespace chappe::store {
namespace {

constexpr std::uint64_t kSector = 512;

std::unexpected<Error> power_is_gone() { return fail(Errc::io, "the power is gone"); }

// How what was not synced is chosen from: a quarter of all seeds each.
enum class Keep : std::uint8_t { nothing, everything, beginning, by_chance };

}  // namespace

// A file or a folder: as processes see it, and as the disk has it for certain.
struct FaultFiles::Node {
  using Ptr = std::shared_ptr<Node>;
  using Names = std::map<std::string, Ptr, std::less<>>;
  struct Change {  // of a file: what it put where, and the size it had then
    std::uint64_t offset;
    Bytes octets;
    std::uint64_t size;
    bool synced = false;  // but kept, because an earlier one is in doubt
    bool doubt = false;   // a sync of it failed
  };
  struct Step {  // of a folder
    std::string gone;
    std::string name;
    Ptr node;
  };

  explicit Node(bool is_folder) : folder(is_folder) {}
  const bool folder;
  Bytes now, disk;
  std::vector<Change> changes;
  Names names, names_on_disk;
  std::vector<Step> steps;

  static void apply(Names& names, const Step& step) {
    if (!step.gone.empty()) names.erase(step.gone);
    if (!step.name.empty()) names.insert_or_assign(step.name, step.node);
  }
  void step(Step step) {
    apply(names, step);
    steps.push_back(std::move(step));
  }

  static void put(Bytes& into, std::uint64_t offset, ByteView octets) {
    if (octets.empty()) return;
    if (into.size() < offset + octets.size()) into.resize(offset + octets.size());
    octets.copy(into.data() + offset, octets.size());
  }
  void write(std::uint64_t offset, Bytes octets) {
    put(now, offset, octets);
    changes.push_back({offset, std::move(octets), now.size()});
  }
  void resize(std::uint64_t size) {
    // What is cut off must not come back when the file grows again.
    Bytes zeros(size < now.size() ? now.size() - size : 0, '\0');
    now.resize(size);
    changes.push_back({size, std::move(zeros), size});
  }
  void sync() {
    const bool doubt = std::any_of(changes.begin(), changes.end(), [](const Change& c) { return c.doubt; });
    if (doubt) {
      for (Change& c : changes) c.synced = !c.doubt;
      return;
    }
    for (const Change& c : changes) {
      put(disk, c.offset, c.octets);
      disk.resize(c.size);
    }
    changes.clear();
  }
  void sync_failed() {
    for (Change& c : changes) c.doubt |= !c.synced;
  }

  Bytes survivor(SeededRandom& random, Keep keep, bool journal) const {
    if (changes.empty()) return disk;
    const std::size_t all = changes.size();
    const std::size_t begun = keep == Keep::beginning ? random.below(all) : 0;  // all before it were written
    // Which of the writes to a sector is the last that reached it.
    struct Sector {
      std::uint32_t writes = 0, certain = 0, begun = 0, kept = 0, seen = 0;
      std::uint32_t octets = kSector;  // of the last one
    };
    std::unordered_map<std::uint64_t, Sector> sectors;
    const auto each_sector = [](const Change& c, auto&& f) {
      for (std::uint64_t at = c.offset; at < c.offset + c.octets.size();) {
        const std::uint64_t end = std::min(c.offset + c.octets.size(), (at / kSector + 1) * kSector);
        f(at / kSector, at, end);
        at = end;
      }
    };
    std::size_t size_certain = 0, size_index;
    for (std::size_t i = 0; i < all; ++i) {
      const Change& c = changes[i];
      if (c.synced) size_certain = i + 1;
      each_sector(c, [&](std::uint64_t n, std::uint64_t, std::uint64_t) {
        Sector& s = sectors[n];
        ++s.writes;
        if (c.synced) s.certain = s.writes;
        if (i < begun || (i == begun && random.below(2))) s.begun = s.writes;
      });
    }
    switch (keep) {
      case Keep::nothing:
        size_index = 0;
        break;
      case Keep::everything:
        size_index = all;
        break;
      case Keep::beginning:
        size_index = begun + random.below(2);
        break;
      case Keep::by_chance:
        size_index = random.below(all + 1);
        break;
    }
    size_index = std::max(size_index, size_certain);
    // In the order of the writes, not of the table: the same seed is the same disk.
    Bytes out = disk;
    for (const Change& c : changes) {
      each_sector(c, [&](std::uint64_t n, std::uint64_t at, std::uint64_t end) {
        Sector& s = sectors[n];
        if (s.seen++ == 0) {
          switch (keep) {
            case Keep::nothing:
              break;
            case Keep::everything:
              s.kept = s.writes;
              break;
            case Keep::beginning:
              s.kept = s.begun;
              break;
            case Keep::by_chance:
              s.kept = static_cast<std::uint32_t>(random.below(s.writes + 1));
              break;
          }
          s.kept = std::max(s.kept, s.certain);
          if (s.kept > s.certain && keep != Keep::everything && random.below(16) == 0)
            s.octets = static_cast<std::uint32_t>(random.below(kSector));
        }
        if (s.seen > s.kept) return;
        if (s.seen == s.kept) end = std::min(end, n * kSector + s.octets);
        if (at < end) put(out, at, ByteView(c.octets).substr(at - c.offset, end - at));
      });
    }
    std::uint64_t size = size_index == 0 ? disk.size() : changes[size_index - 1].size;
    if (journal)
      for (const auto& [n, s] : sectors) {
        if (s.kept == s.writes && s.octets == kSector) continue;
        const std::uint64_t good = n * kSector + (s.kept == s.writes ? s.octets : 0);
        size = std::min(size, std::max<std::uint64_t>(disk.size(), good));
      }
    out.resize(size);
    return out;
  }
};

struct FaultFiles::State {
  mutable std::mutex mutex;  // guards what follows; not held while the plan is asked
  Plan plan;
  std::uint64_t cut_at = 0;
  std::uint64_t capacity = 0;
  std::uint64_t operations = 0;
  bool off = false;
  bool journal = false;
  Node::Ptr root = std::make_shared<Node>(true);
  std::set<std::string> locks;

  using Held = std::unique_lock<std::mutex>;

  static std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> out;
    for (const std::string_view part : split(path, '/'))
      if (!part.empty() && part != ".") out.push_back(part);
    return out;
  }
  Result<Node::Ptr> find(std::string_view path) const {
    Node::Ptr at = root;
    for (const std::string_view part : parts_of(path)) {
      const auto i = at->names.find(part);
      if (i == at->names.end()) return fail(Errc::not_found, "there is no {}", printable(path));
      at = i->second;
    }
    return at;
  }
  struct Place {
    Node::Ptr folder;
    std::string name;
    Node::Ptr node;  // if there is one
  };
  Result<Place> place(const std::string& path) const {
    const auto parts = parts_of(path);
    if (parts.empty()) return fail(Errc::exists, "the root is there");
    Node::Ptr at = root;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto next = at->names.find(parts[i]);
      if (next == at->names.end() || !next->second->folder)
        return fail(Errc::not_found, "there is no folder for {}", printable(path));
      at = next->second;
    }
    const auto i = at->names.find(parts.back());
    return Place{at, std::string(parts.back()), i == at->names.end() ? nullptr : i->second};
  }

  std::uint64_t used() const {
    std::uint64_t sum = 0;
    const auto add = [&](const Node& n, const auto& self) -> void {
      sum += n.now.size();
      for (const auto& [name, child] : n.names) self(*child, self);
    };
    add(*root, add);
    return sum;
  }
  bool fits(std::uint64_t more) const { return capacity >= kPlenty || used() + more <= capacity; }
  static constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

  // Begins an operation: what the plan says of it.
  Result<Fate> begin(Held& held, Kind kind, const std::string& path, std::uint64_t offset = 0, std::uint64_t size = 0) {
    if (off) return power_is_gone();
    const std::uint64_t number = ++operations;
    Fate fate = cut_at != 0 && number >= cut_at ? Fate::cut : Fate::good;
    if (plan && fate == Fate::good) {
      const Plan asked = plan;
      held.unlock();
      fate = asked({number, kind, path, offset, size});
      held.lock();
      if (off) return power_is_gone();
    }
    if (fate == Fate::cut) {
      off = true;
      return power_is_gone();
    }
    return fate;
  }
  // The same for what either happens or does not.
  Result<void> begin_whole(Held& held, Kind kind, const std::string& path) {
    const Fate fate = TRY(begin(held, kind, path));
    if (fate == Fate::io) return fail(Errc::io, "{}: the test says that the disk is broken", printable(path));
    if (fate == Fate::no_space) return fail(Errc::no_space, "{}: the test says that the disk is full", printable(path));
    return {};
  }
};

class FaultFiles::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<State> state, Node::Ptr node, std::string path)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)) {}

  Result<void> allocate(std::uint64_t size) override {
    State::Held held(state_->mutex);
    TRY(state_->begin_whole(held, Kind::resize, path_));
    if (size <= node_->now.size()) return {};
    if (!state_->fits(size - node_->now.size())) return fail(Errc::no_space, "{}: the disk is full", printable(path_));
    node_->resize(size);
    return {};
  }
  Result<void> truncate(std::uint64_t size) override {
    State::Held held(state_->mutex);
    TRY(state_->begin_whole(held, Kind::resize, path_));
    node_->resize(size);
    return {};
  }
  Result<void> sync() override {
    State::Held held(state_->mutex);
    const Fate fate = TRY(state_->begin(held, Kind::sync, path_));
    if (fate != Fate::good) {
      node_->sync_failed();
      return fail(fate == Fate::no_space ? Errc::no_space : Errc::io, "{}: the sync failed", printable(path_));
    }
    node_->sync();
    return {};
  }
  Result<std::uint64_t> size() const override {
    State::Held held(state_->mutex);
    if (state_->off) return power_is_gone();
    return node_->now.size();
  }
  Result<std::uint64_t> next_data(std::uint64_t offset) const override {
    State::Held held(state_->mutex);
    if (state_->off) return power_is_gone();
    const std::size_t at = node_->now.find_first_not_of('\0', offset);
    return at == Bytes::npos ? std::max<std::uint64_t>(offset, node_->now.size())
                             : std::max<std::uint64_t>(offset, at / kSector * kSector);
  }
  void begin_write_back(std::uint64_t, std::uint64_t) override {}
  void drop_cache(std::uint64_t, std::uint64_t) override {}

 protected:
  Result<std::size_t> read_some(std::uint64_t offset, std::span<char> into) const override {
    State::Held held(state_->mutex);
    if (TRY(state_->begin(held, Kind::read, path_, offset, into.size())) != Fate::good)
      return fail(Errc::io, "{}: the test says that it cannot be read", printable(path_));
    if (offset >= node_->now.size()) return std::size_t{0};
    return node_->now.copy(into.data(), into.size(), offset);
  }
  Result<std::size_t> write_some(std::uint64_t offset, std::span<const ByteView> parts) override {
    Bytes octets;
    for (const ByteView part : parts) octets.append(part);
    State::Held held(state_->mutex);
    Fate fate = TRY(state_->begin(held, Kind::write, path_, offset, octets.size()));
    const std::uint64_t end = offset + octets.size();
    if (fate == Fate::good && end > node_->now.size() && !state_->fits(end - node_->now.size())) fate = Fate::no_space;
    if (fate != Fate::good) octets.resize((octets.size() + 1) / 2);
    node_->write(offset, octets);
    if (fate == Fate::io) return fail(Errc::io, "{}: the test says that it cannot be written", printable(path_));
    if (fate == Fate::no_space) return fail(Errc::no_space, "{}: the disk is full", printable(path_));
    return octets.size();
  }

 private:
  std::shared_ptr<State> state_;
  Node::Ptr node_;
  std::string path_;
};

class FaultFiles::HeldLock final : public Lock {
 public:
  HeldLock(std::shared_ptr<State> state, std::string path) : state_(std::move(state)), path_(std::move(path)) {}
  ~HeldLock() override {
    State::Held held(state_->mutex);
    state_->locks.erase(path_);
  }

 private:
  std::shared_ptr<State> state_;
  std::string path_;
};

FaultFiles::FaultFiles(std::uint64_t capacity) : state_(std::make_shared<State>()) { state_->capacity = capacity; }
FaultFiles::~FaultFiles() = default;

void FaultFiles::set_plan(Plan plan) {
  State::Held held(state_->mutex);
  state_->plan = std::move(plan);
}
void FaultFiles::cut_at(std::uint64_t operation) {
  State::Held held(state_->mutex);
  state_->cut_at = operation;
}
void FaultFiles::cut_power() {
  State::Held held(state_->mutex);
  state_->off = true;
}
void FaultFiles::set_capacity(std::uint64_t octets) {
  State::Held held(state_->mutex);
  state_->capacity = octets;
}
void FaultFiles::set_journal(bool journal) {
  State::Held held(state_->mutex);
  state_->journal = journal;
}
std::uint64_t FaultFiles::operations() const {
  State::Held held(state_->mutex);
  return state_->operations;
}

std::unique_ptr<FaultFiles> FaultFiles::survivor(std::uint64_t seed) const {
  State::Held held(state_->mutex);
  auto out = std::make_unique<FaultFiles>(state_->capacity);
  out->state_->journal = state_->journal;
  SeededRandom random(seed);
  const auto some_keep = [&] { return static_cast<Keep>(random.below(4)); };
  // A node has one fate, whatever names lead to it.
  std::unordered_map<const Node*, Node::Ptr> done;
  const auto copy = [&](const Node& from, const auto& self) -> Node::Ptr {
    Node::Ptr& to = done[&from];
    if (to) return to;
    to = std::make_shared<Node>(from.folder);
    const Node::Ptr made = to;
    if (!from.folder) {
      made->disk = from.survivor(random, some_keep(), state_->journal);
      made->now = made->disk;
      return made;
    }
    Node::Names names = from.names_on_disk;
    Keep keep = some_keep();
    if (keep == Keep::by_chance && state_->journal) keep = Keep::beginning;
    std::size_t begun = keep == Keep::everything ? from.steps.size() : 0;
    if (keep == Keep::beginning) begun = random.below(from.steps.size() + 1);
    for (std::size_t i = 0; i < from.steps.size(); ++i)
      if (i < begun || (keep == Keep::by_chance && random.below(2))) Node::apply(names, from.steps[i]);
    for (const auto& [name, child] : names) made->names.emplace(name, self(*child, self));
    made->names_on_disk = made->names;
    return made;
  };
  out->state_->root = copy(*state_->root, copy);
  return out;
}

void FaultFiles::overwrite(const std::string& path, std::uint64_t offset, ByteView octets) {
  State::Held held(state_->mutex);
  const auto node = state_->find(path);
  if (!node) return;
  Node::put((*node)->now, offset, octets);
  Node::put((*node)->disk, offset, octets);
}

Bytes FaultFiles::contents(const std::string& path) const {
  State::Held held(state_->mutex);
  const auto node = state_->find(path);
  return node ? (*node)->now : Bytes();
}

Result<std::unique_ptr<File>> FaultFiles::open(const std::string& path, Open how) {
  State::Held held(state_->mutex);
  TRY(state_->begin_whole(held, Kind::open, path));
  State::Place place = TRY(state_->place(path));
  if (place.node && place.node->folder) return fail(Errc::io, "{} is a folder", printable(path));
  if (!place.node) {
    if (how == Open::read || how == Open::update) return fail(Errc::not_found, "there is no {}", printable(path));
    place.node = std::make_shared<Node>(false);
    place.folder->step({{}, place.name, place.node});
  } else if (how == Open::create) {
    return fail(Errc::exists, "there is a {}", printable(path));
  } else if (how == Open::replace && !place.node->now.empty()) {
    place.node->resize(0);
  }
  return std::make_unique<OpenFile>(state_, std::move(place.node), path);
}

Result<Files::Status> FaultFiles::status(const std::string& path) const {
  State::Held held(state_->mutex);
  if (state_->off) return power_is_gone();
  const Node::Ptr node = TRY(state_->find(path));
  return Status{node->folder, node->now.size(), Time{}};
}

Result<std::vector<std::string>> FaultFiles::list(const std::string& folder) const {
  State::Held held(state_->mutex);
  if (state_->off) return power_is_gone();
  const Node::Ptr node = TRY(state_->find(folder));
  if (!node->folder) return fail(Errc::not_found, "{} is not a folder", printable(folder));
  std::vector<std::string> out;
  for (const auto& [name, child] : node->names) out.push_back(name);
  return out;
}

Result<void> FaultFiles::make_folder(const std::string& path) {
  State::Held held(state_->mutex);
  TRY(state_->begin_whole(held, Kind::name, path));
  const State::Place place = TRY(state_->place(path));
  if (place.node) return fail(Errc::exists, "there is a {}", printable(path));
  place.folder->step({{}, place.name, std::make_shared<Node>(true)});
  return {};
}

Result<void> FaultFiles::remove_folder(const std::string& path) {
  State::Held held(state_->mutex);
  TRY(state_->begin_whole(held, Kind::name, path));
  const State::Place place = TRY(state_->place(path));
  if (!place.node || !place.node->folder) return fail(Errc::not_found, "there is no folder {}", printable(path));
  if (!place.node->names.empty()) return fail(Errc::io, "{} is not empty", printable(path));
  place.folder->step({place.name, {}, nullptr});
  return {};
}

Result<void> FaultFiles::remove(const std::string& path) {
  State::Held held(state_->mutex);
  TRY(state_->begin_whole(held, Kind::name, path));
  const State::Place place = TRY(state_->place(path));
  if (!place.node) return fail(Errc::not_found, "there is no {}", printable(path));
  if (place.node->folder) return fail(Errc::io, "{} is a folder", printable(path));
  place.folder->step({place.name, {}, nullptr});
  return {};
}

Result<void> FaultFiles::rename(const std::string& from, const std::string& to) {
  State::Held held(state_->mutex);
  TRY(state_->begin_whole(held, Kind::name, from));
  const State::Place source = TRY(state_->place(from));
  const State::Place target = TRY(state_->place(to));
  if (!source.node) return fail(Errc::not_found, "there is no {}", printable(from));
  if (source.folder == target.folder) {
    if (source.name != target.name) source.folder->step({source.name, target.name, source.node});
  } else {
    target.folder->step({{}, target.name, source.node});
    source.folder->step({source.name, {}, nullptr});
  }
  return {};
}

Result<void> FaultFiles::sync_folder(const std::string& path) {
  State::Held held(state_->mutex);
  TRY(state_->begin_whole(held, Kind::sync_folder, path));
  const Node::Ptr node = TRY(state_->find(path));
  if (!node->folder) return fail(Errc::not_found, "{} is not a folder", printable(path));
  node->names_on_disk = node->names;
  node->steps.clear();
  return {};
}

Result<std::unique_ptr<Files::Lock>> FaultFiles::lock(const std::string& path) {
  TRY(open(path, Open::append));
  State::Held held(state_->mutex);
  if (!state_->locks.insert(path).second) return fail(Errc::busy, "{} is locked already", printable(path));
  return std::make_unique<HeldLock>(state_, path);
}

Result<std::uint64_t> FaultFiles::free_space(const std::string& path) const {
  State::Held held(state_->mutex);
  if (state_->off) return power_is_gone();
  TRY(state_->find(path));
  const std::uint64_t used = state_->used();
  return used < state_->capacity ? state_->capacity - used : 0;
}

}  // namespace chappe::store
