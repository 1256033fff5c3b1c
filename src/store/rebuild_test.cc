#include "store/rebuild.h"

#include <gmock/gmock.h>

#include <set>

#include "base/random.h"
#include "store/bodies.h"
#include "store/live_files.h"
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
    const Bytes octets = place_.files.contents(largest());
    const char flipped = static_cast<char>(octets[octets.size() / 2] ^ 4);
    place_.files.overwrite(largest(), octets.size() / 2, {&flipped, 1});
  }
  std::string largest() {
    std::string out;
    for (const std::string& name : place_.files.list("/store").value())
      if (name.ends_with(".sst") &&
          (out.empty() || place_.files.contents("/store/" + name).size() > place_.files.contents(out).size()))
        out = "/store/" + name;
    return out;
  }
  // More than one flipped bit.
  void damage_more() {
    const Bytes octets = place_.files.contents(largest());
    place_.files.overwrite(largest(), octets.size() / 2, SeededRandom(5).bytes(20));
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

TEST_F(RebuildTest, OneFlippedBitIsPutRight) {
  fill();
  damage();
  const Rebuilt done = rebuild(place_.options, {}).value();
  EXPECT_EQ(done.mended, 1u);
  EXPECT_EQ(done.damaged, 0u);
  auto store = std::move(place_.open().value());
  int damaged = 0;
  EXPECT_EQ(rows(store.get(), &damaged).size(), static_cast<std::size_t>(kRows));
  EXPECT_EQ(damaged, 0);
}

TEST_F(RebuildTest, WhatCanBeReadIsKept) {
  fill();
  damage_more();
  std::set<int> found;
  int damaged = 0;
  {
    auto store = std::move(place_.open().value());
    found = rows(store.get(), &damaged);
    EXPECT_EQ(rebuild(place_.options, {}).error().code(), Errc::busy);
    EXPECT_FALSE(LiveFiles::of(*store)->damaged({}).value().empty());
  }
  std::vector<std::string> told;
  const Rebuilt done = rebuild(place_.options, [&](const std::string& what) { told.push_back(what); }).value();
  EXPECT_EQ(done.damaged, 2u) << "the file, and the rows";
  EXPECT_EQ(told.size(), 2u);
  EXPECT_GE(done.rows, found.size());
  EXPECT_EQ(done.aside, "/store.damaged");
  {
    auto store = std::move(place_.open().value());
    damaged = 0;
    EXPECT_THAT(rows(store.get(), &damaged), ::testing::IsSupersetOf(found)) << "the log has some of the lost ones";
    EXPECT_EQ(damaged, 0);
    EXPECT_TRUE(LiveFiles::of(*store)->damaged({}).value().empty());
    EXPECT_EQ(wait(Bodies(*store).read(body_, soon())).value().size(), 300'000u);
    Batch b;
    b.put("new", "row");
    EXPECT_TRUE(wait(store->write(std::move(b), soon())));
  }
  EXPECT_TRUE(place_.files.status("/store.damaged"));
  EXPECT_EQ(rebuild(place_.options, {}).value().aside, "/store.damaged.2");
  auto store = std::move(place_.open().value());
  EXPECT_EQ(wait(store->get("new", soon())).value()->view(), "row");
}

TEST_F(RebuildTest, WithoutAManifestAllFilesAreTaken) {
  fill();
  for (const std::string& name : place_.files.list("/store").value())
    if (name.starts_with("MANIFEST")) place_.files.overwrite("/store/" + name, 20, "nonsense");
  EXPECT_EQ(place_.open().error().code(), Errc::corrupt);
  const Rebuilt done = rebuild(place_.options, {}).value();
  EXPECT_EQ(done.damaged, 1u);
  auto store = std::move(place_.open().value());
  int damaged = 0;
  EXPECT_EQ(rows(store.get(), &damaged).size(), static_cast<std::size_t>(kRows));
  EXPECT_EQ(wait(Bodies(*store).read(body_, soon())).value().size(), 300'000u);
}

TEST_F(RebuildTest, ACurrentThatNamesNothingIsWrittenAnew) {
  fill();
  place_.files.overwrite("/store/CURRENT", 9, "77");
  EXPECT_EQ(place_.open().error().code(), Errc::corrupt);
  EXPECT_EQ(rebuild(place_.options, {}).value().damaged, 1u);
  auto store = std::move(place_.open().value());
  int damaged = 0;
  EXPECT_EQ(rows(store.get(), &damaged).size(), static_cast<std::size_t>(kRows));
}

TEST_F(RebuildTest, WhereThereIsNoStoreThereIsNothingToDo) {
  EXPECT_EQ(rebuild(place_.options, {}).error().code(), Errc::not_found);
  EXPECT_FALSE(place_.files.status("/store"));
}

// The power goes at any moment; calling it again ends it.
// Each takes two rebuilds.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kCuts = 1;
#else
constexpr int kCuts = 4;
#endif

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
  for (int n = 0; n < kCuts; ++n) {
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
    const auto done = rebuild(options, {});
    ASSERT_TRUE(done) << done.error().describe();
    auto store = open_rocks(options);
    ASSERT_TRUE(store) << store.error().describe();
    int damaged = 0;
    EXPECT_THAT(rows(store->get(), &damaged), ::testing::IsSupersetOf(found)) << n;
  }
}

}  // namespace
}  // namespace chappe::store
