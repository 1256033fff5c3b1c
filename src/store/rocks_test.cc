// What only the durable form can do wrong; the rest is in conformance_test.cc.
#include "store/rocks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>

#include "net/offload_pool.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

Batch one(Bytes key, Bytes value) {
  Batch b;
  b.put(std::move(key), std::move(value));
  return b;
}

TEST(Rocks, AFailedSyncIsFinalUntilReopen) {
  RocksPlace place;
  std::atomic<bool> broken = false;
  place.options.fail_sync = [&](std::string_view file) { return broken && file.ends_with(".log"); };
  auto store = std::move(place.open().value());
  ASSERT_TRUE(wait(store->write(one("a", "1"), soon())));
  broken = true;
  EXPECT_EQ(wait(store->write(one("b", "1"), soon())).error().code(), Errc::io);
  EXPECT_TRUE(store->read_only());
  broken = false;
  // The disk is well again, but what it lost is not known.
  EXPECT_EQ(wait(store->write(one("c", "1"), soon())).error().code(), Errc::read_only);
  EXPECT_EQ(wait(store->get("a", soon())).value()->view(), "1");
  store.reset();
  store = std::move(place.open().value());
  EXPECT_FALSE(store->read_only());
  ASSERT_TRUE(wait(store->write(one("c", "1"), soon())));
  EXPECT_EQ(wait(store->get("a", soon())).value()->view(), "1");
}

TEST(Rocks, TheReserveIsKeptBeforeTheDiskIsFull) {
  RocksPlace place;
  std::atomic<std::uint64_t> free = 10'000;
  place.options.reserve = 9'000;
  place.options.free_space = [&] { return free.load(); };
  auto store = std::move(place.open().value());
  EXPECT_TRUE(store->room(1'000));
  EXPECT_EQ(store->room(1'001).error().code(), Errc::no_space);
  free = 8'000;
  EXPECT_EQ(store->room(0).error().code(), Errc::no_space);
  // Half of the reserve is for what makes space, the other half is not ours.
  ASSERT_TRUE(wait(store->write(one("a", "1"), soon())));
  EXPECT_EQ(wait(store->write(one("b", Bytes(4'000, 'x')), soon())).error().code(), Errc::no_space);
  free = 4'000;
  EXPECT_EQ(wait(store->write(one("c", "1"), soon())).error().code(), Errc::no_space);
  EXPECT_FALSE(store->read_only());
  free = 20'000;
  EXPECT_TRUE(wait(store->write(one("b", Bytes(4'000, 'x')), soon())));
}

TEST(Rocks, ANewerFormatIsRefused) {
  RocksPlace place;
  {
    auto store = std::move(place.open().value());
    ASSERT_TRUE(wait(store->write(one(KeyWriter(kSystemAccount, Space::settings).rest("format").take(), "2"), soon())));
  }
  EXPECT_EQ(place.open().error().code(), Errc::unsupported);
}

TEST(Rocks, TheFolderIsPrivate) {
  RocksPlace place;
  place.options.path += "/below/there";
  auto store = std::move(place.open().value());
  struct stat s;
  ASSERT_EQ(::stat(place.options.path.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0700u);
}

// With an offload pool: what is not in memory is read elsewhere, and the answer comes back to the executor.
TEST(Rocks, ColdReadsGoThroughThePool) {
  class Counting final : public net::Offload {
   public:
    bool try_submit(net::Work work) override {
      ++submitted;
      return pool.try_submit(std::move(work));
    }
    std::atomic<int> submitted = 0;
    net::OffloadPool pool{2};
  } pool;
  RocksPlace place;
  place.options.offload = &pool;
  place.options.block_cache = 0;
  {
    auto store = std::move(place.open().value());
    for (int i = 0; i < 40; ++i)
      ASSERT_TRUE(wait(store->write(one("k" + std::to_string(100 + i), Bytes(i % 2 ? 100 : 200'000, 'x')), soon())));
  }
  auto store = std::move(place.open().value());
  const int before = pool.submitted;
  const Page page = wait(store->scan(Range::prefix("k"), {.bytes = 100'000'000}, soon())).value();
  EXPECT_EQ(page.rows.size(), 40u);
  EXPECT_GT(pool.submitted, before);
  auto snapshot = store->snapshot();
  EXPECT_EQ(wait(snapshot->get("k101", soon())).value()->size(), 100u);
  EXPECT_EQ(wait(store->get("k102", soon())).value()->size(), 200'000u);
  EXPECT_EQ(wait(store->get("k999", soon())).value(), std::nullopt);
  const int pooled = pool.submitted;
  EXPECT_EQ(wait(store->blocking().get("k103", soon())).value()->size(), 100u);
  EXPECT_EQ(pool.submitted, pooled);
}

}  // namespace
}  // namespace chappe::store
