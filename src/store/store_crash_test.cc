// The power is cut under the store as it runs in production, at a random operation of its files: of the log, of the
// segments with letters, of RocksDB, of what reclaims space. What is opened afterwards is compared, row by row and
// letter by letter, with a model that knows every change:
//
//   what was acknowledged is there, and nothing but a beginning of all that was tried
//   every letter that a row names can be read, octet for octet
//   the segments count what is alive in them exactly
//   what was found once stays, and the store can be written to again
//
// $CHAPPE_ROCKS_CRASH_POINTS: how many scripts (500), each with two cuts; $CHAPPE_SEED: where to begin.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "store/body_rows.h"
#include "store/reclaim.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

// Under a sanitizer everything takes its time.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kScripts = 40;
#else
constexpr std::uint64_t kScripts = 500;
#endif

constexpr std::uint32_t kAccount = 5;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const v = std::getenv(name);
  return v && *v ? std::strtoull(v, nullptr, 10) : otherwise;
}

Bytes row_key(ByteView name) { return KeyWriter(kAccount, Space::mailbox_name).rest(name).take(); }

struct Body {
  Bytes octets;
  std::uint32_t references = 0;
};

struct State {
  std::map<Bytes, Bytes> rows;
  std::map<BodyId, Body> bodies;
};

// A store on files that may fail, as a server has it.
class Machine {
 public:
  explicit Machine(FaultFiles& files) {
    RocksOptions options;
    options.path = "/store";
    options.block_cache = 256 * 1024;
    options.memtable = 64 * 1024;
    options.reserve = 0;
    options.segment = 256 * 1024;
    options.files = &files;
    options.hasty = true;
    auto opened = open_rocks(options);
    if (opened) {
      store = std::move(*opened);
      commit.emplace(*store, Commit::Options{.mode = Commit::Mode::in_line});
    } else {
      failed = opened.error().describe();
    }
  }

  bool submit(Change change) { return wait(commit->submit(std::move(change), soon())).has_value(); }

  std::string failed;
  std::unique_ptr<Store> store;
  std::optional<Commit> commit;
};

// One random change, to the store and to what it should become. False: it was not acknowledged.
bool change(Machine& machine, Random& random, State* state, std::uint64_t number) {
  const Bytes count = std::to_string(number);
  state->rows["count"] = count;
  // No two states are alike.
  const auto counted = [count](Txn& txn) { txn.put(row_key("count"), count); };
  const auto some_body = [&] {
    auto i = state->bodies.begin();
    std::advance(i, static_cast<std::ptrdiff_t>(random.below(state->bodies.size())));
    return i;
  };
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2: {
      const bool large = random.below(3) == 0;
      const bool huge = large && random.below(10) == 0;
      BodyId id;
      for (std::size_t i = 0; i < 8; ++i) id.octets[i] = static_cast<char>(number >> (56 - 8 * i));
      // Half of them can be packed.
      Bytes octets = random.bytes(huge ? 300'000 : large ? 17'000 + random.below(40'000) : random.below(9'000));
      if (random.below(2) == 0)
        for (char& c : octets) c = static_cast<char>('a' + (c & 3));
      const auto references = static_cast<std::uint32_t>(1 + random.below(3));
      state->bodies[id] = {"front " + octets, references};
      const auto draft = wait(draft_of(machine.store.get(), id, ChunkList(octets), soon()));
      return draft && machine.submit([=](Txn& txn) -> Result<void> {
        counted(txn);
        TRY(Bodies::add(txn, *draft, ChunkList("front "), references));
        return {};
      });
    }
    case 3:
    case 4: {
      if (state->bodies.empty()) break;
      const auto i = some_body();
      const BodyId id = i->first;
      const auto n = static_cast<std::uint32_t>(1 + random.below(i->second.references));
      if (i->second.references == n)
        state->bodies.erase(i);
      else
        i->second.references -= n;
      return machine.submit([=](Txn& txn) -> Result<void> {
        counted(txn);
        return Bodies::release(txn, id, n);
      });
    }
    case 5: {
      const Bytes end = "k" + std::to_string(10 + random.below(40));
      state->rows.erase(state->rows.lower_bound("k"), state->rows.lower_bound(end));
      return machine.submit([=](Txn& txn) -> Result<void> {
        counted(txn);
        txn.remove(Range{row_key("k"), row_key(end)});
        return {};
      });
    }
    default:
      break;
  }
  std::map<Bytes, std::optional<Bytes>> puts;
  for (auto n = 1 + random.below(5); n > 0; --n) {
    const Bytes key = "k" + std::to_string(10 + random.below(40));
    if (random.below(4) == 0) {
      puts[key] = std::nullopt;
      state->rows.erase(key);
    } else {
      state->rows[key] = *(puts[key] = random.bytes(random.below(600)));
    }
  }
  return machine.submit([=](Txn& txn) -> Result<void> {
    counted(txn);
    for (const auto& [key, value] : puts) {
      if (value)
        txn.put(row_key(key), *value);
      else
        txn.remove(row_key(key));
    }
    return {};
  });
}

// The number of the state that is there; what is wrong is an error of the test.
std::uint64_t compare(Machine& machine, const std::vector<State>& after) {
  std::map<Bytes, Bytes> rows;
  for (const Row& row :
       wait(scan_all(machine.store.get(), KeyWriter(kAccount, Space::mailbox_name).range(), soon())).value()) {
    KeyReader key(row.key);
    EXPECT_TRUE(key.expect(kAccount, Space::mailbox_name));
    rows[Bytes(key.rest())] = row.value.view();
  }
  const auto count = rows.find("count");
  const std::uint64_t found = count == rows.end() ? 0 : std::stoull(count->second);
  EXPECT_LT(found, after.size());
  if (found >= after.size()) return found;
  const State& state = after[found];
  EXPECT_TRUE(rows == state.rows) << "not the rows after change " << found;

  const Bodies bodies(*machine.store);
  std::map<std::uint32_t, std::uint64_t> alive;
  std::size_t n = 0;
  for (const Row& row :
       wait(scan_all(machine.store.get(), KeyWriter(kSystemAccount, Space::body).range(), soon())).value()) {
    BodyId id;
    KeyReader key(row.key);
    EXPECT_TRUE(key.expect(kSystemAccount, Space::body));
    std::ranges::copy(key.rest(), id.octets.begin());
    const auto expected = state.bodies.find(id);
    EXPECT_NE(expected, state.bodies.end());
    if (expected == state.bodies.end()) continue;
    ++n;
    const BodyHeader header = decode_body_header(row.value.view()).value();
    EXPECT_EQ(header.references, expected->second.references);
    const auto octets = wait(bodies.read({id, header.size, 0, 0}, soon()));
    EXPECT_TRUE(octets.has_value()) << (octets ? "" : octets.error().describe());
    if (octets) EXPECT_TRUE(octets->flatten() == expected->second.octets);
    if (const auto where = wait(machine.store->get(extents_key(id), soon())).value())
      for (const Extent& e : decode_body_extents(where->view()).value().extents) alive[e.at.segment] += e.size;
  }
  EXPECT_EQ(n, state.bodies.size());

  std::map<std::uint32_t, std::uint64_t> counted;
  for (const Row& row :
       wait(scan_all(machine.store.get(), KeyWriter(kSystemAccount, Space::segment).range(), soon())).value()) {
    KeyReader key(row.key);
    EXPECT_TRUE(key.expect(kSystemAccount, Space::segment));
    counted[key.u32().value()] = decode_segment_row(row.value.view()).value();
  }
  EXPECT_EQ(counted, alive);
  return found;
}

TEST(StoreCrash, WhatWasAcknowledgedIsThereWhateverTheDiskKept) {
  const std::uint64_t points = from_environment("CHAPPE_ROCKS_CRASH_POINTS", kScripts);
  const std::uint64_t first = from_environment("CHAPPE_SEED", 1);
  for (std::uint64_t point = first; point < first + points && !HasFailure(); ++point) {
    SCOPED_TRACE("CHAPPE_SEED=" + std::to_string(point));
    SeededRandom random(point);
    FaultFiles made;
    made.set_journal(true);
    std::unique_ptr<FaultFiles> owner;
    FaultFiles* files = &made;
    std::vector<State> after(1);
    std::size_t acknowledged = 0;
    for (int cuts = 0; cuts < 2; ++cuts) {
      files->cut_at(files->operations() + 1 + random.below(random.below(4) == 0 ? 60 : 900));
      {
        Machine machine(*files);
        while (machine.failed.empty() && !HasFailure()) {
          after.push_back(after.back());
          if (!change(machine, random, &after.back(), after.size() - 1)) break;
          acknowledged = after.size() - 1;
          if (random.below(30) == 0)
            if (!wait(reclaim(machine.store.get(), &*machine.commit, {.alive = 0.8, .change = 50'000}, soon()))) break;
        }
      }
      auto next = files->survivor(random.u64());
      owner = std::move(next);
      files = owner.get();
      Machine machine(*files);
      ASSERT_EQ(machine.failed, "");
      const std::uint64_t found = compare(machine, after);
      ASSERT_GE(found, acknowledged);
      if (HasFailure()) return;
      // What was found is shown, and stays.
      after.resize(found + 1);
      acknowledged = found;
    }
  }
}

}  // namespace
}  // namespace chappe::store
