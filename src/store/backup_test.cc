#include "store/backup.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "store/bodies.h"
#include "store/test_stores.h"

namespace chappe::store {
namespace {

using namespace testing;  // NOLINT

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override { store_ = std::move(place_.open().value()); }

  Bytes row(Store* store, const Bytes& key) {
    const auto value = wait(store->get(key, soon())).value();
    return value ? Bytes(value->view()) : "none";
  }
  void put(const Bytes& key, const Bytes& value) {
    Batch b;
    b.put(key, value);
    ASSERT_TRUE(wait(store_->write(std::move(b), soon())));
  }
  BodyRef letter(char name, const Bytes& octets) {
    Commit commit(*store_, {.mode = Commit::Mode::in_line});
    const auto draft = wait(draft_of(store_.get(), {{name}}, ChunkList(octets), soon())).value();
    return wait(commit.submit<BodyRef>([=](Txn& txn) { return Bodies::add(txn, draft, {}, 1); }, soon())).value();
  }
  void release(const BodyRef& body) {
    Commit commit(*store_, {.mode = Commit::Mode::in_line});
    ASSERT_TRUE(wait(commit.submit([=](Txn& txn) { return Bodies::release(txn, body.id); }, soon())));
  }
  Result<BackupProgress> back_up(const std::string& generation, std::uint32_t keep = 0) {
    const auto frozen = TRY(wait(store_->freeze(soon())));
    return backup(
        *frozen,
        {.files = &place_.files, .destination = "/backup", .generation = generation, .extras = extras_, .keep = keep});
  }
  // The store of a generation, opened.
  std::unique_ptr<Store> restored(const std::string& generation, const std::string& to) {
    const auto done =
        restore({.files = &place_.files, .source = "/backup", .generation = generation, .destination = to});
    EXPECT_TRUE(done) << done.error().describe();
    RocksOptions options = place_.options;
    options.path = to + "/store";
    auto store = open_rocks(options);
    EXPECT_TRUE(store) << store.error().describe();
    return std::move(*store);
  }

  FaultPlace place_;
  std::unique_ptr<Store> store_;
  std::vector<BackupExtra> extras_;
};

TEST_F(BackupTest, AGenerationIsTheStoreOfThatMoment) {
  const Bytes large = SeededRandom(1).bytes(700'000);
  put("a", "1");
  const BodyRef body = letter('L', large);
  ASSERT_TRUE(back_up("1"));
  put("a", "2");
  release(body);
  const BodyRef other = letter('M', large);
  ASSERT_TRUE(back_up("2"));
  put("a", "3");

  const auto first = restored("1", "/one");
  EXPECT_EQ(row(first.get(), "a"), "1");
  EXPECT_TRUE(wait(Bodies(*first).read(body, soon())).value().flatten() == large);
  const auto second = restored("", "/two");
  EXPECT_EQ(row(second.get(), "a"), "2");
  EXPECT_EQ(wait(Bodies(*second).read(body, soon())).error().code(), Errc::not_found);
  EXPECT_TRUE(wait(Bodies(*second).read(other, soon())).value().flatten() == large);
  // They are stores of their own.
  Batch b;
  b.put("a", "4");
  EXPECT_TRUE(wait(second->write(std::move(b), soon())));
  EXPECT_EQ(row(store_.get(), "a"), "3");
}

TEST_F(BackupTest, WhatIsThereIsNotCopiedAgain) {
  for (int i = 0; i < 20; ++i)
    letter(static_cast<char>('a' + i), SeededRandom(static_cast<std::uint64_t>(i)).bytes(250'000));
  const auto first = back_up("1").value();
  EXPECT_EQ(first.copied, first.all_octets);
  EXPECT_GT(first.copied, 5'000'000u);
  put("a", "1");
  const auto second = back_up("2").value();
  EXPECT_LT(second.copied, 1'600'000u) << "the segment that is written to, and what is new";
  EXPECT_EQ(second.octets, second.all_octets);
}

TEST_F(BackupTest, ThatManyAreKept) {
  put("a", "1");
  for (const char* name : {"1", "2", "3", "4"}) {
    put("a", name);
    ASSERT_TRUE(back_up(name, 2));
  }
  const auto all = generations(place_.files, "/backup").value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.front().name, "3");
  EXPECT_EQ(row(restored("3", "/three").get(), "a"), "3");
  EXPECT_EQ(back_up("4").error().code(), Errc::exists);
  EXPECT_EQ(back_up("../x").error().code(), Errc::invalid);
}

TEST_F(BackupTest, CarriesOtherFilesToo) {
  auto file = std::move(place_.files.open("/key.pem", Files::Open::create).value());
  ASSERT_TRUE(file->write(0, "secret"));
  extras_.push_back({"tls/key.pem", "/key.pem"});
  put("a", "1");
  ASSERT_TRUE(back_up("1"));
  restored("1", "/one");
  EXPECT_EQ(place_.files.contents("/one/tls/key.pem"), "secret");
}

TEST_F(BackupTest, NothingIsOverwrittenAndDamageIsTold) {
  put("a", "1");
  letter('L', SeededRandom(1).bytes(100'000));
  ASSERT_TRUE(back_up("1"));
  EXPECT_EQ(
      restore({.files = &place_.files, .source = "/backup", .generation = {}, .destination = "/store"}).error().code(),
      Errc::exists);
  EXPECT_EQ(generations(place_.files, "/nowhere").error().code(), Errc::not_found);
  // Every octet of every object counts.
  for (const std::string& two : place_.files.list("/backup/objects").value())
    for (const std::string& name : place_.files.list("/backup/objects/" + two).value()) {
      const std::string path = "/backup/objects/" + two + "/" + name;
      const Bytes octets = place_.files.contents(path);
      if (octets.empty()) continue;
      const char flipped = static_cast<char>(octets[octets.size() / 2] ^ 1);
      place_.files.overwrite(path, octets.size() / 2, {&flipped, 1});
      const auto done =
          restore({.files = &place_.files, .source = "/backup", .generation = {}, .destination = "/damaged"});
      EXPECT_EQ(done.error().code(), Errc::corrupt);
      EXPECT_FALSE(place_.files.status("/damaged"));
      place_.files.overwrite(path, octets.size() / 2, {&octets[octets.size() / 2], 1});
      for (const char* folder : {"/damaged.arriving/store/log", "/damaged.arriving/store", "/damaged.arriving"}) {
        const auto names = place_.files.list(folder);
        if (!names) continue;
        for (const std::string& left : *names) (void)place_.files.remove(folder + ("/" + left));
        ASSERT_TRUE(place_.files.remove_folder(folder));
      }
    }
}

// While writers go on, and space is given back: each generation is a beginning of what was written.
TEST_F(BackupTest, IsConsistentWhileOthersWrite) {
  put("a", "0");
  put("b", "0");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 1; !stop; ++i) {
      Batch b;
      b.put("a", std::to_string(i));
      b.put("b", std::to_string(i));
      b.put("c" + std::to_string(i % 100), Bytes(5'000, 'x'));
      if (!wait(store_->write(std::move(b), soon()))) break;
    }
  });
  for (int n = 1; n <= 5; ++n) {
    ASSERT_TRUE(back_up(std::to_string(n)));
    const auto copy = restored(std::to_string(n), "/copy" + std::to_string(n));
    EXPECT_NE(row(copy.get(), "a"), "none");
    EXPECT_EQ(row(copy.get(), "a"), row(copy.get(), "b"));
  }
  stop = true;
  writer.join();
}

// The power goes at any moment of a backup: what is listed afterwards can be restored.
TEST(BackupCrash, WhatIsListedIsWholeWheneverThePowerGoes) {
  SeededRandom random(7);
  for (int round = 0; round < 60; ++round) {
    FaultPlace place;
    auto store = std::move(place.open().value());
    const auto back_up = [&](const std::string& name) -> Result<BackupProgress> {
      Batch b;
      b.put("a", Bytes(20'000, name.front()));
      TRY(wait(store->write(std::move(b), soon())));
      const auto frozen = TRY(wait(store->freeze(soon())));
      return backup(*frozen,
                    {.files = &place.files, .destination = "/backup", .generation = name, .extras = {}, .keep = 2});
    };
    ASSERT_TRUE(back_up("1"));
    const std::uint64_t before = place.files.operations();
    ASSERT_TRUE(back_up("2"));
    const std::uint64_t steps = place.files.operations() - before;
    place.files.cut_at(place.files.operations() + 1 + random.below(steps + 20));
    const bool done = back_up("3").has_value();
    const auto after = place.files.survivor(random.u64());
    const auto all = generations(*after, "/backup").value();
    if (done) EXPECT_EQ(all.back().name, "3");
    EXPECT_GE(all.size(), 2u);
    for (const Generation& g : all) {
      const auto whole =
          restore({.files = after.get(), .source = "/backup", .generation = g.name, .destination = "/r" + g.name});
      EXPECT_TRUE(whole) << g.name << ": " << (whole ? "" : whole.error().describe());
    }
  }
}

}  // namespace
}  // namespace chappe::store
