// What only the durable form can do wrong; the rest is in conformance_test.cc.
#include "store/rocks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

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
  FaultPlace place;
  auto store = std::move(place.open().value());
  ASSERT_TRUE(wait(store->write(one("a", "1"), soon())));
  place.files.set_plan([](const FaultFiles::Operation& o) {
    const bool fails = o.kind == FaultFiles::Kind::sync && o.path.ends_with(".seg");
    return fails ? FaultFiles::Fate::io : FaultFiles::Fate::good;
  });
  EXPECT_EQ(wait(store->write(one("b", "1"), soon())).error().code(), Errc::io);
  EXPECT_TRUE(store->read_only());
  place.files.set_plan({});
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
  FaultPlace place;
  place.options.reserve = 90'000;
  auto store = std::move(place.open().value());
  place.leave(100'000);
  EXPECT_TRUE(store->room(10'000));
  EXPECT_EQ(store->room(10'001).error().code(), Errc::no_space);
  place.leave(80'000);
  EXPECT_EQ(store->room(0).error().code(), Errc::no_space);
  // Half of the reserve is for what makes space, the other half is not ours.
  ASSERT_TRUE(wait(store->write(one("a", "1"), soon())));
  EXPECT_EQ(wait(store->write(one("b", Bytes(40'000, 'x')), soon())).error().code(), Errc::no_space);
  place.leave(40'000);
  EXPECT_EQ(wait(store->write(one("c", "1"), soon())).error().code(), Errc::no_space);
  EXPECT_FALSE(store->read_only());
  place.leave(200'000);
  EXPECT_TRUE(wait(store->write(one("b", Bytes(40'000, 'x')), soon())));
}

// RocksDB writes what it has in memory when it likes; that it could not is no end of the store.
TEST(Rocks, ADiskFilledByOthersIsNoEnd) {
  FaultPlace place;
  place.options.memtable = 64 * 1024;
  auto store = std::move(place.open().value());
  int written = 0;
  std::string last;
  const auto write_until = [&](bool fails) {
    // RocksDB looks for space every five seconds.
    for (int i = 0; i < 15'000; ++i) {
      const auto done = wait(store->write(one("k" + std::to_string(written), Bytes(500, 'x')), soon()));
      if (done) ++written;
      if (!done) EXPECT_EQ(done.error().code(), Errc::no_space) << done.error().describe();
      if (!done) last = done.error().describe();
      if (!done == fails) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  };
  place.leave(3'000);
  ASSERT_TRUE(write_until(true));
  EXPECT_FALSE(store->read_only());
  place.leave(100'000'000);
  ASSERT_TRUE(write_until(false)) << last;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(write_until(false));
  store.reset();
  store = std::move(place.open().value());
  // What met the full disk after it was in the log may be there, too, under the key of the next.
  EXPECT_EQ(wait(scan_all(store.get(), Range::prefix("k"), soon())).value().size(), static_cast<std::size_t>(written));
}

TEST(Rocks, FlushesBeforeTooMuchWouldHaveToBeReplayedAndTheLogForgets) {
  FaultPlace place;
  auto store = std::move(place.open().value());
  const auto segments = [&] { return wait(store->extents().segments(soon())).value(); };
  // 20 MB of batches, in segments of 1 MiB.
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(wait(store->write(one("k", Bytes(10'000, 'x')), soon())));
  for (int i = 0; i < 500 && segments().size() > 4; ++i) {
    ASSERT_TRUE(wait(store->write(one("k", Bytes(10'000, 'x')), soon())));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LE(segments().size(), 4u);
}

TEST(Rocks, ANewerFormatIsRefused) {
  RocksPlace place;
  {
    auto store = std::move(place.open().value());
    ASSERT_TRUE(wait(store->write(one(KeyWriter(kSystemAccount, Space::settings).rest("format").take(), "3"), soon())));
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
