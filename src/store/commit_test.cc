#include "store/commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/random.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

constexpr Commit::Options kInline{.mode = Commit::Mode::in_line};

Bytes counter_key() { return KeyWriter(1, Space::account).take(); }
std::uint64_t number(const std::optional<Value>& v) { return v ? std::stoull(Bytes(v->view())) : 0; }

// Adds one to the counter and gives the new value.
Result<std::uint64_t> increment(Txn& txn) {
  const std::uint64_t n = number(TRY(txn.get(counter_key()))) + 1;
  txn.put(counter_key(), std::to_string(n));
  return n;
}

// Holds the first write back until it is let go, so that a group gathers behind it.
class Gate {
 public:
  explicit Gate(MemoryDisk& disk) {
    disk.set_fate([this](std::uint64_t n) {
      if (n == 1) {
        reached_ = true;
        while (!open_) std::this_thread::yield();
      }
      return n == fail_at ? MemoryDisk::Fate::lost : MemoryDisk::Fate::good;
    });
  }
  void wait_reached() const {
    while (!reached_) std::this_thread::yield();
  }
  void open() { open_ = true; }
  std::uint64_t fail_at = 0;

 private:
  std::atomic<bool> reached_ = false;
  std::atomic<bool> open_ = false;
};

class CommitForms : public ::testing::TestWithParam<std::string> {};

TEST_P(CommitForms, ChangesSeeTheOnesBefore) {
  auto place = make_place(GetParam());
  auto store = std::move(place->open().value());
  {
    Commit commit(*store);
    for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).value(), i);
  }
  store.reset();
  store = std::move(place->open().value());
  EXPECT_EQ(number(wait(store->get(counter_key(), soon())).value()), 20u);
}

TEST_P(CommitForms, ManySubmittersManyThreads) {
  auto place = make_place(GetParam());
  auto store = std::move(place->open().value());
  Commit commit(*store);
  std::atomic<std::uint64_t> published = 0;
  std::atomic<bool> in_order = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        const auto n = wait(commit.submit<std::uint64_t>(
            [&](Txn& txn) -> Result<std::uint64_t> {
              const auto mine = TRY(increment(txn));
              txn.on_durable([&, mine] {
                if (published.exchange(mine) + 1 != mine) in_order = false;
              });
              return mine;
            },
            soon()));
        // Whoever is answered finds its own change published.
        if (!n || published < *n) in_order = false;
      }
    });
  }
  for (auto& t : threads) t.join();
  commit.stop();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(published, 400u);
  EXPECT_EQ(commit.counts().changes, 400u);
  EXPECT_LE(commit.counts().groups, 400u);
  EXPECT_EQ(number(wait(store->get(counter_key(), soon())).value()), 400u);
}

INSTANTIATE_TEST_SUITE_P(Forms, CommitForms, kForms, form_name);

TEST(Commit, WhatQueuesDuringASyncIsOneGroup) {
  MemoryPlace place;
  Gate gate(place.disk);
  auto store = std::move(place.open().value());
  Commit commit(*store);
  std::atomic<int> answered = 0;
  std::thread first([&] { answered += wait(commit.submit<std::uint64_t>(increment, soon())).has_value(); });
  gate.wait_reached();
  std::vector<std::thread> others;
  std::atomic<int> sent = 0;
  for (int i = 0; i < 8; ++i)
    others.emplace_back([&] {
      ++sent;
      answered += wait(commit.submit<std::uint64_t>(increment, soon())).has_value();
    });
  while (sent < 8) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(answered, 0);  // nothing before the sync
  gate.open();
  first.join();
  for (auto& t : others) t.join();
  EXPECT_EQ(answered, 9);
  EXPECT_EQ(commit.counts().changes, 9u);
  EXPECT_LT(commit.counts().groups, 9u);
  EXPECT_GT(commit.counts().largest_group, 1u);
}

TEST(Commit, AFailedWriteFailsItsWholeGroupAndAllAfter) {
  MemoryPlace place;
  Gate gate(place.disk);
  gate.fail_at = 2;
  auto store = std::move(place.open().value());
  Commit commit(*store);
  std::atomic<int> published = 0;
  const auto change = [&](Txn& txn) -> Result<std::uint64_t> {
    txn.on_durable([&] { ++published; });
    return increment(txn);
  };
  std::thread first([&] { EXPECT_TRUE(wait(commit.submit<std::uint64_t>(change, soon()))); });
  gate.wait_reached();
  std::vector<std::thread> others;
  std::atomic<int> io = 0;
  for (int i = 0; i < 5; ++i)
    others.emplace_back([&] {
      const auto r = wait(commit.submit<std::uint64_t>(change, soon()));
      io += !r && (r.error().code() == Errc::io || r.error().code() == Errc::read_only);
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  gate.open();
  first.join();
  for (auto& t : others) t.join();
  EXPECT_EQ(io, 5);
  EXPECT_EQ(published, 1);
  EXPECT_TRUE(store->read_only());
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(change, soon())).error().code(), Errc::read_only);
  EXPECT_EQ(number(wait(store->get(counter_key(), soon())).value()), 1u);
}

TEST(Commit, ARefusedChangeLeavesNoTrace) {
  auto store = make_memory();
  Commit commit(*store, kInline);
  bool published = false;
  const auto r = wait(commit.submit(
      [&](Txn& txn) -> Result<void> {
        txn.put("x", "1");
        txn.remove(Range::prefix("y"));
        txn.on_durable([&] { published = true; });
        return fail(Errc::over_quota, "no");
      },
      soon()));
  EXPECT_EQ(r.error().code(), Errc::over_quota);
  EXPECT_FALSE(published);
  EXPECT_EQ(wait(store->get("x", soon())).value(), std::nullopt);
  EXPECT_EQ(commit.counts().failed, 1u);
  EXPECT_EQ(commit.counts().groups, 0u);
}

TEST(Commit, AnExceptionIsABugOfThatChangeOnly) {
  auto store = make_memory();
  Commit commit(*store, kInline);
  EXPECT_EQ(wait(commit.submit([](Txn&) -> Result<void> { throw std::runtime_error("from a library"); }, soon()))
                .error()
                .code(),
            Errc::bug);
  EXPECT_TRUE(wait(commit.submit<std::uint64_t>(increment, soon())));
}

TEST(Commit, APassedDeadlineMakesNoChange) {
  MemoryPlace place;
  Gate gate(place.disk);
  auto store = std::move(place.open().value());
  Commit commit(*store);
  std::thread first([&] { EXPECT_TRUE(wait(commit.submit<std::uint64_t>(increment, soon()))); });
  gate.wait_reached();
  const Deadline brief{system_clock().steady() + std::chrono::milliseconds(20)};
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, brief)).error().code(), Errc::timeout);
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, brief)).error().code(), Errc::timeout);
  gate.open();
  first.join();
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).value(), 2u);
}

TEST(Commit, AStartedChangeIsWaitedForWhateverTheDeadline) {
  MemoryPlace place;
  Gate gate(place.disk);
  auto store = std::move(place.open().value());
  Commit commit(*store);
  std::thread opener([&] {
    gate.wait_reached();
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    gate.open();
  });
  const Deadline brief{system_clock().steady() + std::chrono::milliseconds(20)};
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, brief)).value(), 1u);
  opener.join();
}

TEST(Commit, TheQueueIsBounded) {
  MemoryPlace place;
  Gate gate(place.disk);
  auto store = std::move(place.open().value());
  Commit commit(*store, {.queued = 2});
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  const auto one = [&] { good += wait(commit.submit<std::uint64_t>(increment, soon())).has_value(); };
  threads.emplace_back(one);
  gate.wait_reached();
  threads.emplace_back(one);
  threads.emplace_back(one);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).error().code(), Errc::busy);
  gate.open();
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 3);
}

TEST(Commit, StopDrainsAndThenRefuses) {
  MemoryPlace place;
  Gate gate(place.disk);
  auto store = std::move(place.open().value());
  Commit commit(*store);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  const auto one = [&] { good += wait(commit.submit<std::uint64_t>(increment, soon())).has_value(); };
  threads.emplace_back(one);
  gate.wait_reached();
  threads.emplace_back(one);
  threads.emplace_back(one);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::thread opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    gate.open();
  });
  commit.stop();
  for (auto& t : threads) t.join();
  opener.join();
  EXPECT_EQ(good, 3);
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).error().code(), Errc::closed);
}

TEST(Commit, NoSpacePasses) {
  MemoryPlace place;
  bool full = true;
  place.disk.set_fate([&](std::uint64_t) { return full ? MemoryDisk::Fate::no_space : MemoryDisk::Fate::good; });
  auto store = std::move(place.open().value());
  Commit commit(*store, kInline);
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).error().code(), Errc::no_space);
  full = false;
  EXPECT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).value(), 1u);
}

TEST(Commit, BelowTheReserveOnlyWhatMakesSpaceIsTaken) {
  MemoryPlace place;
  auto store = std::move(place.open().value());
  Commit commit(*store, kInline);
  ASSERT_EQ(wait(commit.submit<std::uint64_t>(increment, soon())).value(), 1u);
  place.disk.set_full(true);
  bool told = false;
  const auto grow = [&told](Txn& txn) -> Result<void> {
    txn.put("more", "1");
    txn.on_durable([&told] { told = true; });
    return {};
  };
  EXPECT_EQ(wait(commit.submit(Change(grow), soon())).error().code(), Errc::no_space);
  EXPECT_FALSE(told);
  EXPECT_EQ(wait(store->get("more", soon())).value(), std::nullopt);
  const auto look = [](Txn& txn) -> Result<void> {
    return TRY(txn.get(counter_key())) ? Result<void>() : fail(Errc::bug, "it is there");
  };
  EXPECT_TRUE(wait(commit.submit(Change(look), soon()))) << "writes nothing";
  const auto shrink = [](Txn& txn) -> Result<void> {
    txn.use_reserve();
    txn.remove(counter_key());
    return {};
  };
  EXPECT_TRUE(wait(commit.submit(Change(shrink), soon())));
  EXPECT_EQ(wait(store->get(counter_key(), soon())).value(), std::nullopt);
  place.disk.set_full(false);
  EXPECT_TRUE(wait(commit.submit(Change(grow), soon())));
  EXPECT_TRUE(told);
}

TEST(Commit, TheReserveCountsWhatAChangeAdds) {
  FaultPlace place;
  place.options.reserve = 50'000;
  auto store = std::move(place.open().value());
  place.leave(100'000);
  Commit commit(*store);
  const auto put = [&](std::string key, std::size_t size, bool reserve) {
    return wait(commit.submit(Change([=](Txn& txn) -> Result<void> {
                                if (reserve) txn.use_reserve();
                                txn.put(key, Bytes(size, 'x'));
                                return {};
                              }),
                              soon()));
  };
  EXPECT_TRUE(put("a", 40'000, false));
  EXPECT_EQ(put("b", 60'000, false).error().code(), Errc::no_space);
  EXPECT_TRUE(put("c", 60'000, true)) << "down to half of the reserve";
  EXPECT_EQ(put("d", 90'000, true).error().code(), Errc::no_space);
  EXPECT_FALSE(store->read_only());
}

// What a Change reads must be what the store would say if all before it were written: a Txn over a store that is
// behind, against a store that is not.
TEST(Commit, ATransactionReadsAsIfAllBeforeWereWritten) {
  SeededRandom random(7);
  for (int round = 0; round < 60; ++round) {
    MemoryPlace place;
    Gate gate(place.disk);
    auto store = std::move(place.open().value());
    Commit commit(*store);
    auto truth = make_memory();  // always up to date
    const auto some_key = [&] { return Bytes(1, static_cast<char>('a' + random.below(12))); };
    const auto random_writes = [&](Txn& txn, Batch& batch) {
      for (auto n = random.below(6); n > 0; --n) {
        const Bytes key = some_key();
        switch (random.below(4)) {
          case 0: {
            const Range r{key, some_key()};
            txn.remove(r);
            batch.remove(r);
            break;
          }
          case 1:
            txn.remove(key);
            batch.remove(key);
            break;
          default: {
            const Bytes value = random.bytes(random.below(5));
            txn.put(key, value);
            batch.put(key, value);
          }
        }
      }
    };
    // All in one thread of the commit service: the captured state is not shared while it runs.
    std::string complaint;
    const auto compare = [&](Txn& txn) {
      for (int i = 0; i < 6; ++i) {
        const Bytes key = some_key();
        const auto a = txn.get(key).value();
        const auto b = wait(truth->get(key, soon())).value();
        if (a.has_value() != b.has_value() || (a && a->view() != b->view())) complaint += "get " + key + "; ";
        const Range range{some_key(), some_key()};
        const ScanLimits limits{.rows = 1 + random.below(5)};
        const Page p = txn.scan(range, limits).value();
        const Page q = wait(truth->scan(range, limits, soon())).value();
        bool same = p.rows.size() == q.rows.size() && p.more == q.more;
        for (std::size_t k = 0; same && k < p.rows.size(); ++k)
          same = p.rows[k].key == q.rows[k].key && p.rows[k].value.view() == q.rows[k].value.view();
        if (!same) complaint += "scan " + range.begin + ".." + range.end + "; ";
      }
    };
    std::vector<std::thread> threads;
    std::atomic<int> sent = 0;
    const auto submit = [&](bool refuse) {
      threads.emplace_back([&, refuse] {
        ++sent;
        (void)wait(commit.submit(
            [&, refuse](Txn& txn) -> Result<void> {
              compare(txn);
              Batch batch;
              random_writes(txn, batch);
              if (refuse) return fail(Errc::denied, "no");
              (void)wait(truth->write(std::move(batch), soon()));
              compare(txn);
              return {};
            },
            soon()));
      });
      while (sent != static_cast<int>(threads.size())) std::this_thread::yield();
    };
    threads.emplace_back([&] {
      ++sent;
      (void)wait(commit.submit(
          [&](Txn& txn) -> Result<void> {
            Batch batch;
            for (char c = 'a'; c < 'm'; c = static_cast<char>(c + 2)) {
              txn.put(Bytes(1, c), "base");
              batch.put(Bytes(1, c), "base");
            }
            return wait(truth->write(std::move(batch), soon()));
          },
          soon()));
    });
    gate.wait_reached();
    std::vector<bool> refusals;
    for (int i = 0; i < 5; ++i) refusals.push_back(random.below(4) == 0);
    for (const bool refuse : refusals) submit(refuse);
    gate.open();
    for (auto& t : threads) t.join();
    ASSERT_EQ(complaint, "") << "round " << round;
  }
}

}  // namespace
}  // namespace chappe::store
