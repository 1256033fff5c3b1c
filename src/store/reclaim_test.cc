#include "store/reclaim.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/bodies.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

// A store of small segments with letters in it.
class ReclaimTest : public ::testing::Test {
 protected:
  void add(char name, Bytes octets) {
    BodyId id;
    id.octets[0] = name;
    const auto draft = wait(draft_of(store_.get(), id, ChunkList(octets), soon())).value();
    const auto ref = wait(commit_->submit<BodyRef>([=](Txn& txn) { return Bodies::add(txn, draft, {}, 1); }, soon()));
    letters_.push_back({ref.value(), std::move(octets)});
  }
  void drop(std::size_t n) {
    const BodyId id = letters_.at(n).first.id;
    ASSERT_TRUE(wait(commit_->submit([=](Txn& txn) { return Bodies::release(txn, id); }, soon())));
    letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(n));
  }
  Reclaimed reclaimed(ReclaimOptions options = {}) {
    return wait(reclaim(store_.get(), &*commit_, options, soon())).value();
  }
  // Opening closes the segment that was written to, and RocksDB has on its disk what the log then may forget.
  void reopen() {
    commit_.reset();
    store_.reset();
    store_ = std::move(place_.open().value());
    commit_.emplace(*store_, Commit::Options{.mode = Commit::Mode::in_line});
  }
  std::uint64_t disk() {
    std::uint64_t sum = 0;
    for (const auto& s : wait(store_->extents().segments(soon())).value()) sum += s.closed ? s.size : 0;
    return sum;
  }
  void expect_all() {
    for (const auto& [ref, octets] : letters_) {
      const auto read = wait(Bodies(*store_).read(ref, soon()));
      ASSERT_TRUE(read) << read.error().describe();
      EXPECT_TRUE(read->flatten() == octets);
      EXPECT_EQ(wait(Bodies(*store_).read(ref, 300'000, 1'000, soon())).value().flatten(),
                octets.substr(300'000, 1'000));
    }
  }

  RocksPlace place_;
  std::unique_ptr<Store> store_ = std::move(place_.open().value());
  std::optional<Commit> commit_{std::in_place, *store_, Commit::Options{.mode = Commit::Mode::in_line}};
  std::vector<std::pair<BodyRef, Bytes>> letters_;
};

Bytes words(std::uint64_t seed, std::size_t size) {
  SeededRandom random(seed);
  Bytes out;
  while (out.size() < size) out += "word" + std::to_string(random.below(1000)) + (random.below(9) == 0 ? "\r\n" : " ");
  out.resize(size);
  return out;
}

TEST_F(ReclaimTest, ASegmentOfTextIsPackedOnceItIsClosed) {
  for (char c = 'a'; c < 'e'; ++c) add(c, words(static_cast<std::uint64_t>(c), 2'500'000));
  reopen();
  const std::uint64_t before = disk();
  EXPECT_GT(before, 10'000'000u);
  const Reclaimed first = reclaimed();
  EXPECT_GE(first.packed, 2u);
  EXPECT_EQ(first.moved, 10'000'000u);
  expect_all();
  reopen();
  const Reclaimed second = reclaimed();
  EXPECT_EQ(second.packed, 0u) << "what is packed is left alone";
  EXPECT_LT(disk(), before / 2);
  expect_all();
}

TEST_F(ReclaimTest, WhatCannotBePackedIsLookedAtOnce) {
  for (char c = 'a'; c < 'd'; ++c) add(c, SeededRandom(static_cast<std::uint64_t>(c)).bytes(2'500'000));
  reopen();
  EXPECT_EQ(reclaimed().packed, 0u);
  EXPECT_EQ(reclaimed({.saving = 0.0}).packed, 0u) << "though any saving would do";
  expect_all();
}

TEST_F(ReclaimTest, NotNowIsNotNever) {
  add('a', words(1, 2'500'000));
  reopen();
  EXPECT_EQ(reclaimed({.saving = {}}).packed, 0u);
  EXPECT_EQ(reclaimed().packed, 1u);
  expect_all();
}

TEST_F(ReclaimTest, ASegmentThatIsMostlyDeadIsEmptied) {
  for (char c = 'a'; c < 'd'; ++c) add(c, SeededRandom(static_cast<std::uint64_t>(c)).bytes(1'000'000));
  drop(2);
  drop(0);
  reopen();
  const Reclaimed done = reclaimed();
  EXPECT_EQ(done.moved, 1'000'000u);
  EXPECT_EQ(done.packed, 0u);
  reopen();
  EXPECT_GE(reclaimed().segments, 1u) << "nothing is left in it";
  expect_all();
}

}  // namespace
}  // namespace chappe::store
