#include "post/reputation/reputation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "post/mailbox/office_for_test.h"
#include "post/reputation/record.h"

namespace chappe::post {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using testing::form_name;
using ::testing::IsEmpty;
using testing::kForms;
using testing::Office;
using ::testing::SizeIs;
using testing::soon;

constexpr double kNear = 1e-6;

Identity network(std::string name) { return {IdentityKind::network, std::move(name)}; }
Identity dkim(std::string name) { return {IdentityKind::dkim, std::move(name)}; }
Identity author(std::string name) { return {IdentityKind::author, std::move(name)}; }

Sighting of_network(std::string name) { return {{Named{network(std::move(name)), Proof::none}}}; }
Sighting signed_by(std::string name) { return {{Named{dkim(std::move(name)), Proof::pass}}}; }

class ReputationTest : public ::testing::TestWithParam<std::string> {
 protected:
  void begin(ReputationOptions options = {}) {
    options_ = options;
    reputation_.emplace(Reputation::Parts{&office_.store(), &office_.commit(), &office_.clock()}, options);
  }
  void SetUp() override { begin(); }
  // As after a restart.
  void restart() {
    reputation_.reset();
    office_.reopen();
    begin(options_);
  }
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  Reputation& reputation() { return *reputation_; }
  void write() { ASSERT_TRUE(wait(reputation().write(soon()))); }
  Standing of(Identity identity) { return wait(reputation().of(std::move(identity), soon())).value(); }
  double tally(Identity identity, Tally tally) { return of(std::move(identity)).remembered.tallies[tally]; }
  std::vector<std::string> listed(ReputationQuery query) {
    std::vector<std::string> out;
    for (const Standing& s : wait(reputation().list(query, soon())).value()) out.push_back(s.identity.name);
    return out;
  }
  // A letter on whose trail stand these.
  LetterId letter_by(std::vector<TrailStanding> standings) {
    TrailHead head;
    head.verdict.standings = std::move(standings);
    const LetterId id = office_.ids().next();
    const auto added = wait(office_.commit().submit(
        [id, head](store::Txn& txn) -> Result<void> {
          Trail::add(txn, id, head);
          return {};
        },
        soon()));
    EXPECT_TRUE(added);
    return id;
  }
  std::size_t rows() { return office_.rows({}, store::Space::reputation); }

  Office office_{GetParam()};
  ReputationOptions options_;
  std::optional<Reputation> reputation_;
};

TEST_P(ReputationTest, CountsWhatBecameOfALetterAndKeepsIt) {
  const Sighting letter{{{network("192.0.2.0/24"), Proof::pass}, {author("a.example"), Proof::pass}}};
  reputation().count(letter, Fate::accepted);
  reputation().count(letter, Fate::accepted);
  reputation().count(letter, Fate::refused);
  EXPECT_EQ(rows(), 0u) << "a letter costs no commit";
  for (const bool written : {false, true}) {
    if (written) {
      write();
      restart();
    }
    for (const Identity& identity : {network("192.0.2.0/24"), author("a.example")}) {
      const Standing s = of(identity);
      EXPECT_TRUE(s.known);
      EXPECT_DOUBLE_EQ(s.remembered.tallies[Tally::accepted], 2);
      EXPECT_DOUBLE_EQ(s.remembered.tallies[Tally::refused], 1);
      EXPECT_DOUBLE_EQ(s.remembered.tallies[Tally::pass], 3);
      EXPECT_DOUBLE_EQ(s.score(), 3.0 / 5);
    }
  }
  EXPECT_EQ(rows(), 2u);
  EXPECT_FALSE(of(author("b.example")).known);
  EXPECT_FALSE(of(dkim("a.example")).known) << "of another kind";
}

TEST_P(ReputationTest, ForgersSpoilNoGoodName) {
  const Sighting honest{{{network("192.0.2.0/24"), Proof::pass}, {author("bank.example"), Proof::pass}}};
  for (int i = 0; i < 10; ++i) reputation().count(honest, Fate::accepted);
  write();
  const double before = of(author("bank.example")).score();
  const Sighting forged{{{network("203.0.113.0/24"), Proof::fail}, {author("bank.example"), Proof::fail}}};
  for (int i = 0; i < 1000; ++i) reputation().count(forged, Fate::refused);
  write();
  const Standing bank = of(author("bank.example"));
  EXPECT_DOUBLE_EQ(bank.score(), before);
  EXPECT_DOUBLE_EQ(bank.remembered.tallies[Tally::refused], 0);
  EXPECT_DOUBLE_EQ(bank.remembered.tallies[Tally::fail], 1000) << "it is known that it was named in vain";
  EXPECT_LT(of(network("203.0.113.0/24")).score(), 0.01) << "who forges pays";
}

TEST_P(ReputationTest, NamesWithoutProofFillNothing) {
  for (int i = 0; i < 5000; ++i)
    reputation().count(
        {{{network("203.0.113.0/24"), Proof::fail}, {author("random" + std::to_string(i) + ".example"), Proof::none}}},
        Fate::refused);
  EXPECT_EQ(reputation().counts().left_out, 5000 - options_.claims) << "and little memory";
  EXPECT_FALSE(of(author("random1.example")).known);
  write();
  EXPECT_EQ(rows(), 1u);
}

TEST_P(ReputationTest, ProvenNamesAreBoundedInMemory) {
  begin({.pending = 100});
  for (int i = 0; i < 150; ++i) reputation().count(signed_by(std::to_string(i) + ".example"), Fate::accepted);
  reputation().count(signed_by("7.example"), Fate::accepted);
  EXPECT_EQ(reputation().counts().left_out, 50u);
  write();
  EXPECT_EQ(rows(), 100u);
  EXPECT_DOUBLE_EQ(tally(dkim("7.example"), Tally::accepted), 2) << "who has a place goes on";
  EXPECT_FALSE(of(dkim("120.example")).known);
  reputation().count(signed_by("120.example"), Fate::accepted);
  write();
  EXPECT_TRUE(of(dkim("120.example")).known) << "the next writing has room";
}

TEST_P(ReputationTest, AFullTableForgetsTheLightestAndNobodyElse) {
  begin({.rows = 100});
  for (int n = 0; n < 20; ++n) reputation().count(signed_by("old.example"), Fate::accepted);
  for (int i = 0; i < 500; ++i) reputation().count(signed_by(std::to_string(i) + ".flood.example"), Fate::refused);
  write();
  EXPECT_EQ(rows(), 100u);
  EXPECT_EQ(reputation().counts().rows, 100u);
  restart();
  EXPECT_TRUE(of(dkim("old.example")).known);
  // The table was full: in a minute there is room again, at the price of those who wrote once.
  office_.clock().advance(minutes(2));
  reputation().count(signed_by("new.example"), Fate::accepted);
  write();
  EXPECT_EQ(rows(), 91u);
  EXPECT_TRUE(of(dkim("new.example")).known);
  EXPECT_NEAR(tally(dkim("old.example"), Tally::accepted), 20, 0.01);
}

TEST_P(ReputationTest, WhatHasFadedIsTakenAway) {
  reputation().count(signed_by("once.example"), Fate::accepted);
  for (int i = 0; i < 1000; ++i) reputation().count(signed_by("often.example"), Fate::accepted);
  write();
  office_.clock().advance(options_.half_life * 5);
  write();
  EXPECT_EQ(rows(), 2u) << "a thirty-second of a letter is still something";
  office_.clock().advance(options_.half_life);
  write();
  EXPECT_EQ(rows(), 1u);
  EXPECT_FALSE(of(dkim("once.example")).known);
  EXPECT_THAT(tally(dkim("often.example"), Tally::accepted), DoubleNear(1000.0 / 64, kNear));
}

TEST_P(ReputationTest, FadesBetweenTwoLettersAndNotWhenTheClockJumpsBack) {
  reputation().count(signed_by("a.example"), Fate::accepted);
  write();
  office_.clock().advance(options_.half_life);
  EXPECT_THAT(tally(dkim("a.example"), Tally::accepted), DoubleNear(0.5, kNear));
  reputation().count(signed_by("a.example"), Fate::accepted);
  write();
  EXPECT_THAT(tally(dkim("a.example"), Tally::accepted), DoubleNear(1.5, kNear));
  const Time now = office_.clock().now();
  office_.clock().jump(Time{0});
  reputation().count(signed_by("a.example"), Fate::accepted);
  write();
  EXPECT_THAT(tally(dkim("a.example"), Tally::accepted), DoubleNear(2.5, kNear));
  EXPECT_EQ(of(dkim("a.example")).remembered.last, now);
  office_.clock().jump(now + options_.half_life);
  write();
  EXPECT_THAT(tally(dkim("a.example"), Tally::accepted), DoubleNear(1.25, kNear)) << "not 53 years of fading";
}

TEST_P(ReputationTest, SaysTheSameFromTheCacheAndFromTheStore) {
  begin({.cached = 3});
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i) + ".example";
    EXPECT_FALSE(of(dkim(name)).known) << "cached as unknown";
    for (int n = 0; n <= i; ++n) reputation().count(signed_by(name), Fate::accepted);
  }
  for (int round = 0; round < 2; ++round) {
    write();
    for (int i = 0; i < 20; ++i)
      EXPECT_DOUBLE_EQ(tally(dkim(std::to_string(i) + ".example"), Tally::accepted), i + 1) << round;
  }
  reputation().count(signed_by("4.example"), Fate::accepted);
  EXPECT_DOUBLE_EQ(tally(dkim("4.example"), Tally::accepted), 6) << "with what is not written yet";
}

TEST_P(ReputationTest, ListsInTheOrderThatIsAskedFor) {
  for (int i = 0; i < 3; ++i) reputation().count(of_network("192.0.2.0/24"), Fate::accepted);
  for (int i = 0; i < 2; ++i) reputation().count(signed_by("bad.example"), Fate::refused);
  reputation().count(signed_by("good.example"), Fate::accepted);
  EXPECT_THAT(listed({}), IsEmpty()) << "nothing is written yet";
  write();
  EXPECT_THAT(listed({}), ElementsAre("192.0.2.0/24", "bad.example", "good.example"));
  EXPECT_THAT(listed({.order = ReputationOrder::worst}), ElementsAre("bad.example", "good.example", "192.0.2.0/24"));
  EXPECT_THAT(listed({.kind = IdentityKind::dkim}), ElementsAre("bad.example", "good.example"));
  EXPECT_THAT(listed({.order = ReputationOrder::worst, .limit = 1}), ElementsAre("bad.example"));
  EXPECT_THAT(listed({.kind = IdentityKind::author}), IsEmpty());
}

TEST_P(ReputationTest, AListHoldsNoMoreThanItsLimit) {
  for (int i = 0; i < 3000; ++i) reputation().count(signed_by(std::to_string(i) + ".example"), Fate::accepted);
  for (int i = 0; i < 5; ++i) reputation().count(signed_by("2999.example"), Fate::accepted);
  write();
  const auto page = listed({.limit = 10});
  EXPECT_THAT(page, SizeIs(10));
  EXPECT_EQ(page.front(), "2999.example");
  EXPECT_THAT(listed({.limit = 5000}), SizeIs(3000));
}

TEST_P(ReputationTest, AVoteFallsOnWhoAnsweredForTheLetter) {
  const LetterId id = letter_by({{"dkim", "shop.example", 900, 800}, {"of a later kind", "x", 0, 0}});
  reputation().count(signed_by("shop.example"), Fate::accepted);
  write();
  reputation().vote(id, Vote::spam);
  reputation().vote(office_.ids().next(), Vote::spam);  // of which there is no trail
  write();
  EXPECT_DOUBLE_EQ(tally(dkim("shop.example"), Tally::spam), 1);
  EXPECT_DOUBLE_EQ(of(dkim("shop.example")).score(), 1.0 / 3);
  reputation().vote(id, Vote::ham);
  write();
  EXPECT_DOUBLE_EQ(of(dkim("shop.example")).score(), 2.0 / 3);
  EXPECT_EQ(reputation().counts().votes, 2u);
  EXPECT_EQ(rows(), 1u);
}

TEST_P(ReputationTest, VotesAreBoundedInMemory) {
  begin({.votes = 3});
  const LetterId id = letter_by({{"dkim", "shop.example", 0, 0}});
  reputation().count(signed_by("shop.example"), Fate::accepted);
  write();
  for (int i = 0; i < 10; ++i) reputation().vote(id, Vote::spam);
  write();
  EXPECT_DOUBLE_EQ(tally(dkim("shop.example"), Tally::spam), 3);
}

TEST_P(ReputationTest, ARowThatDoesNotReadBackIsBegunAnew) {
  const auto spoiled = wait(office_.commit().submit(
      [](store::Txn& txn) -> Result<void> {
        txn.put(records::reputation_key(dkim("a.example")), "\x01garbage");
        txn.put(records::reputation_key(dkim("b.example")), "\x01garbage");
        return {};
      },
      soon()));
  ASSERT_TRUE(spoiled);
  EXPECT_EQ(wait(reputation().of(dkim("a.example"), soon())).error().code(), Errc::corrupt);
  reputation().count(signed_by("a.example"), Fate::accepted);
  write();
  EXPECT_DOUBLE_EQ(tally(dkim("a.example"), Tally::accepted), 1);
  EXPECT_EQ(rows(), 1u) << "the other one is gone";
}

TEST_P(ReputationTest, KeepWritesUntilItIsCancelled) {
  net::LocalExecutor executor(office_.clock());
  net::Cancel cancel;
  struct Run {
    static net::Task<void> stop(net::Cancel* to_cancel) {
      (void)co_await net::sleep(net::Deadline::in(Reputation::kWriteEvery * 3));
      to_cancel->cancel();
    }
    static net::Task<void> both(Reputation* reputation, net::Cancel* to_cancel) {
      net::Scope scope;
      scope.spawn(Reputation::keep(reputation, to_cancel));
      reputation->count(signed_by("a.example"), Fate::accepted);
      scope.spawn(stop(to_cancel));
      co_await scope.join();
    }
  };
  executor.run(Run::both(&reputation(), &cancel));
  EXPECT_EQ(rows(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Forms, ReputationTest, kForms, form_name);

TEST(ReputationThreads, NothingIsLostOrCountedTwice) {
  Office office("memory", store::Commit::Mode::thread);
  Reputation reputation({&office.store(), &office.commit(), &office.clock()});
  constexpr int kThreads = 4, kLetters = 5000;
  std::atomic<int> running = kThreads;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&reputation, &running, t] {
      for (int i = 0; i < kLetters; ++i)
        reputation.count(
            {{{network("192.0.2.0/24"), Proof::pass}, {dkim(std::to_string(t) + ".example"), Proof::pass}}},
            Fate::accepted);
      --running;
    });
  double seen = 0;
  while (running > 0) {
    ASSERT_TRUE(office.wait(reputation.write(soon())));
    const double now = office.wait(reputation.of(network("192.0.2.0/24"), soon())).value().remembered.tallies.letters();
    EXPECT_GE(now, seen) << "what was counted stays";
    seen = now;
  }
  threads.clear();
  ASSERT_TRUE(office.wait(reputation.write(soon())));
  EXPECT_EQ(office.wait(reputation.of(network("192.0.2.0/24"), soon())).value().remembered.tallies.letters(),
            kThreads * kLetters);
  for (int t = 0; t < kThreads; ++t)
    EXPECT_EQ(
        office.wait(reputation.of(dkim(std::to_string(t) + ".example"), soon())).value().remembered.tallies.letters(),
        kLetters);
  EXPECT_EQ(reputation.counts().letters[0], static_cast<std::uint64_t>(kThreads * kLetters));
}

// The power is cut at a random operation of the store's files. What is found afterwards is, row by row, as one of the
// writings left it, not before the last one that was acknowledged.
TEST(ReputationCrash, APowerCutKeepsTheOldOrTheNew) {
  constexpr int kNames = 5;
  int written = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    auto owned = std::make_unique<store::testing::FaultPlace>();
    store::testing::FaultPlace& place = *owned;
    int acknowledged = 0;
    {
      Office office(std::move(owned));
      place.files.cut_at(place.files.operations() + 1 + random.below(60));
      Reputation reputation({&office.store(), &office.commit(), &office.clock()});
      for (;;) {
        for (int i = 0; i < kNames; ++i) reputation.count(signed_by(std::to_string(i) + ".example"), Fate::accepted);
        if (!office.wait(reputation.write(soon()))) break;
        ++acknowledged;
        ASSERT_LT(acknowledged, 1000) << "no power was cut";
      }
      office.close();
      const auto survivor = place.files.survivor(random.u64());
      store::RocksOptions options = place.options;
      options.files = survivor.get();
      const auto store = store::open_rocks(options).value();
      std::set<double> found;
      std::size_t rows = 0;
      for (const store::Row& row :
           store::testing::wait(store::scan_all(store.get(), records::all_reputation(), soon())).value()) {
        ++rows;
        const Remembered read = records::decode_remembered(row.value.view()).value();
        found.insert(read.tallies[Tally::accepted]);
        EXPECT_EQ(read.tallies[Tally::pass], read.tallies[Tally::accepted]);
      }
      written += acknowledged;
      if (rows == 0) {
        EXPECT_EQ(acknowledged, 0);
        continue;
      }
      EXPECT_EQ(rows, static_cast<std::size_t>(kNames)) << "a writing happens as a whole";
      ASSERT_THAT(found, SizeIs(1));
      EXPECT_GE(*found.begin(), acknowledged);
      EXPECT_LE(*found.begin(), acknowledged + 1);
    }
  }
  EXPECT_GT(written, 100) << "of all seeds: else nothing was put to the test";
}

}  // namespace
}  // namespace chappe::post
