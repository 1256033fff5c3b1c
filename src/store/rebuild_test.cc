#include "store/rebuild.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "store/bodies.h"
#include "store/test_stores.h"
#include "store/walk.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

Bytes key_of(int n) { return KeyWriter(1, Space::message).u32(1).u32(static_cast<std::uint32_t>(n)).take(); }

class RebuildTest : public ::testing::Test {
 protected:
  RebuildTest() { place_.options.block_cache = 0; }

  // Rows in files of RocksDB, and a large letter.
  void fill() {
    auto store = std::move(place_.open().value());
    SeededRandom random(1);
    for (int n = 0; n < kRows; n += 100) {
      Batch b;
      for (int i = n; i < n + 100; ++i) b.put(key_of(i), std::to_string(i) + " " + random.bytes(100));
      ASSERT_TRUE(wait(store->write(std::move(b), soon())));
    }
    Commit commit(*store, {.mode = Commit::Mode::in_line});
    const auto draft = wait(draft_of(store.get(), {{'L'}}, ChunkList(Bytes(300'000, 'x')), soon())).value();
    body_ = wait(commit.submit<BodyRef>([=](Txn& txn) { return Bodies::add(txn, draft, {}, 1); }, soon())).value();
  }
  // Flips a bit in the middle of the largest file of rows.
  void damage() {
    std::string largest;
    for (const std::string& name : place_.files.list("/store").value())
      if (name.ends_with(".sst") &&
          (largest.empty() || place_.files.contents("/store/" + name).size() > place_.files.contents(largest).size()))
        largest = "/store/" + name;
    const Bytes octets = place_.files.contents(largest);
    const char flipped = static_cast<char>(octets[octets.size() / 2] ^ 4);
    place_.files.overwrite(largest, octets.size() / 2, {&flipped, 1});
  }
  std::set<int> rows(Store* store, int* damaged) {
    std::set<int> out;
    RowWalk walk(store->snapshot(), KeyWriter(1, Space::message).range(),
                 [&](const Bytes&, const Error&) { ++*damaged; });
    for (;;) {
      const auto some = wait(walk.next(soon())).value();
      if (some.empty()) return out;
      for (const Row& row : some) {
        const int n = std::stoi(Bytes(row.value.view().substr(0, row.value.view().find(' '))));
        EXPECT_EQ(row.key, key_of(n));
        EXPECT_TRUE(out.insert(n).second);
      }
    }
  }

  static constexpr int kRows = 20'000;
  FaultPlace place_;
  BodyRef body_;
};

TEST_F(RebuildTest, AWalkGoesOnBehindDamage) {
  fill();
  damage();
  auto store = std::move(place_.open().value());
  int damaged = 0;
  const std::set<int> found = rows(store.get(), &damaged);
  EXPECT_EQ(damaged, 1);
  EXPECT_LT(found.size(), static_cast<std::size_t>(kRows));
  EXPECT_GT(found.size(), static_cast<std::size_t>(kRows) - 600)
      << "a block, and what its neighbours' keys cannot tell";
  EXPECT_TRUE(found.contains(0));
  EXPECT_TRUE(found.contains(kRows - 1));
}

TEST_F(RebuildTest, WhatCanBeReadIsKept) {
  fill();
  damage();
  std::set<int> found;
  int damaged = 0;
  {
    auto store = std::move(place_.open().value());
    found = rows(store.get(), &damaged);
    EXPECT_EQ(rebuild(place_.options, {}).error().code(), Errc::busy);
  }
  const Rebuilt done = rebuild(place_.options, {}).value();
  EXPECT_EQ(done.damaged, 1u);
  EXPECT_GE(done.rows, found.size());
  auto store = std::move(place_.open().value());
  damaged = 0;
  EXPECT_EQ(rows(store.get(), &damaged), found);
  EXPECT_EQ(damaged, 0);
  EXPECT_EQ(wait(Bodies(*store).read(body_, soon())).value().size(), 300'000u);
  Batch b;
  b.put("new", "row");
  EXPECT_TRUE(wait(store->write(std::move(b), soon())));
  store.reset();
  EXPECT_TRUE(place_.files.status("/store.damaged"));
  EXPECT_EQ(rebuild(place_.options, {}).error().code(), Errc::exists);
  store = std::move(place_.open().value());
  EXPECT_EQ(wait(store->get("new", soon())).value()->view(), "row");
}

// The power goes at any moment; calling it again ends it.
TEST_F(RebuildTest, IsTakenUpAgainAfterAPowerCut) {
  fill();
  damage();
  std::set<int> found;
  {
    auto store = std::move(place_.open().value());
    int damaged = 0;
    found = rows(store.get(), &damaged);
  }
  SeededRandom random(3);
  for (int n = 0; n < 25; ++n) {
    auto files = place_.files.survivor(1);
    RocksOptions options = place_.options;
    options.files = files.get();
    // Most of it is reading; what matters is at the end.
    files->set_plan([&, left = random.below(60)](const FaultFiles::Operation& o) mutable {
      if (o.kind == FaultFiles::Kind::read || !o.path.contains("rebuilt")) return FaultFiles::Fate::good;
      return left-- == 0 ? FaultFiles::Fate::cut : FaultFiles::Fate::good;
    });
    (void)rebuild(options, {});
    auto after = files->survivor(random.u64());
    options.files = after.get();
    ASSERT_TRUE(rebuild(options, {}) || after->status("/store.damaged")) << n;
    auto store = open_rocks(options);
    ASSERT_TRUE(store) << store.error().describe();
    int damaged = 0;
    EXPECT_EQ(rows(store->get(), &damaged), found) << n;
  }
}

}  // namespace
}  // namespace chappe::store
