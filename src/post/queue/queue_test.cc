#include "post/queue/queue.h"

#include <gtest/gtest.h>

#include "post/mailbox/office_for_test.h"

namespace chappe::post {
namespace {

using std::chrono::minutes;
using testing::form_name;
using testing::kForms;
using testing::Office;
using testing::soon;

class QueueTest : public ::testing::TestWithParam<std::string> {
 protected:
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  Queue& queue() { return office_.queue(); }
  LetterId send(int recipients, bool hold = false) {
    Letter l;
    l.id = office_.ids().next();
    l.sender = "alice@example.org";
    l.octets = ChunkList("letter");
    l.arrived = office_.clock().now();
    l.envid = "envelope 1";
    l.smtputf8 = true;
    for (int i = 0; i < recipients; ++i)
      l.recipients.push_back({"r" + std::to_string(i) + "@example.net", {Destination::Kind::remote, {}, ""}, 3, "o"});
    if (hold)
      for (LetterRecipient& recipient : l.recipients) recipient.held = "local-block";
    return wait(office_.deliver().take(std::move(l), soon())).value();
  }
  std::vector<QueueEntry> claim(std::size_t limit = 10) {
    return wait(queue().claim(limit, minutes(5), soon())).value();
  }

  Office office_{GetParam()};
};

TEST_P(QueueTest, RowsKeepWhatTheyWereGiven) {
  const LetterId id = send(1);
  office_.reopen();
  const QueueEntry e = wait(queue().show(id, soon())).value().at(0);
  EXPECT_EQ(e.sender, "alice@example.org");
  EXPECT_EQ(e.recipient, "r0@example.net");
  EXPECT_EQ(e.envid, "envelope 1");
  EXPECT_EQ(e.orcpt, "o");
  EXPECT_EQ(e.notify, 3);
  EXPECT_TRUE(e.smtputf8);
  EXPECT_FALSE(e.eight_bit);
  EXPECT_EQ(e.state, QueueState::waiting);
  EXPECT_EQ(e.arrived, office_.clock().now());
}

TEST_P(QueueTest, CountsByStateAndAge) {
  EXPECT_FALSE(wait(queue().counts(soon())).value().oldest);
  const Time first = office_.clock().now();
  send(600);
  office_.clock().advance(std::chrono::hours(2));
  send(2, true);
  claim(1);
  const QueueCounts counts = wait(queue().counts(soon())).value();
  EXPECT_EQ(counts.of(QueueState::waiting), 599u);
  EXPECT_EQ(counts.of(QueueState::leased), 1u);
  EXPECT_EQ(counts.of(QueueState::held), 2u);
  EXPECT_EQ(counts.recipients[0][2], 599u) << "between an hour and four";
  EXPECT_EQ(counts.recipients[2][0], 2u) << "younger than five minutes";
  EXPECT_EQ(counts.oldest, first);
}

TEST_P(QueueTest, AClaimIsALease) {
  send(3);
  const auto first = claim(2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].state, QueueState::leased);
  EXPECT_EQ(first[0].attempts, 1u);
  EXPECT_EQ(claim().size(), 1u);
  EXPECT_EQ(claim().size(), 0u);
  office_.reopen();  // the agent died with its leases
  EXPECT_EQ(claim().size(), 0u);
  office_.clock().advance(minutes(5));
  const auto again = claim();
  ASSERT_EQ(again.size(), 3u);
  EXPECT_EQ(again[0].attempts, 2u);
}

TEST_P(QueueTest, ALongQueueIsDueAtOnceWhenItsAgentHasDied) {
  const LetterId id = send(1200);
  ASSERT_EQ(claim(1100).size(), 1100u);
  ASSERT_TRUE(wait(queue().hold({id, 7}, "root", soon())));
  office_.reopen();
  const std::uint64_t before = office_.commit().counts().changes;
  ASSERT_TRUE(wait(queue().void_leases(soon())));
  EXPECT_EQ(office_.commit().counts().changes - before, 3u) << "changes, each of which may cost a sync";
  EXPECT_EQ(claim(2000).size(), 1199u);
  EXPECT_EQ(wait(queue().show(id, soon())).value()[7].state, QueueState::held);
}

// A clock that has gone on at every look.
class Ticking final : public Clock {
 public:
  Time now() const override { return {++now_.us}; }
  Steady steady() const override { return system_clock().steady(); }
  void jump(Time to) { now_ = to; }

 private:
  mutable Time now_{1'700'000'000'000'000};
};

TEST_P(QueueTest, WhatIsAskedForIsDueAtItsOwnTimeAndNoOther) {
  const LetterId id = send(1);
  Ticking clock;
  Queue ticking(office_.store(), office_.commit(), clock);
  ASSERT_EQ(wait(ticking.claim(10, minutes(5), soon())).value().size(), 1u);
  const Time later{clock.now().us + 3'600'000'000};
  ASSERT_TRUE(wait(ticking.defer({id, 0}, {.words = "later", .next = later}, false, soon())));
  // A claim that looked at the clock just after who asks for the attempt, and came first.
  const Time asked = clock.now();
  EXPECT_TRUE(wait(ticking.claim(10, minutes(5), soon())).value().empty());
  clock.jump({asked.us - 10});
  ASSERT_TRUE(wait(ticking.retry_now({id, 0}, "root", soon())));
  clock.jump({asked.us + 1000});
  EXPECT_EQ(wait(ticking.claim(10, minutes(5), soon())).value().size(), 1u);
}

TEST(QueueSpace, AClaimThatIsNotWrittenIsMadeAgain) {
  auto place = std::make_unique<store::testing::MemoryPlace>();
  store::MemoryDisk& disk = place->disk;
  Office office(std::move(place));
  Letter l;
  l.id = office.ids().next();
  l.octets = ChunkList("letter");
  l.recipients.push_back({"r@example.net", {Destination::Kind::remote, {}, ""}, 0, ""});
  ASSERT_TRUE(office.wait(office.deliver().take(std::move(l), soon())));
  disk.set_fate([](std::uint64_t) { return store::MemoryDisk::Fate::no_space; });
  EXPECT_FALSE(office.wait(office.queue().claim(10, minutes(5), soon())));
  disk.set_fate([](std::uint64_t) { return store::MemoryDisk::Fate::good; });
  EXPECT_EQ(office.wait(office.queue().claim(10, minutes(5), soon())).value().size(), 1u);
}

// A full disk must not keep the queue from getting shorter.
TEST(QueueSpace, BelowTheReserveTheQueueGoesOn) {
  auto place = std::make_unique<store::testing::MemoryPlace>();
  store::MemoryDisk& disk = place->disk;
  Office office(std::move(place));
  Queue& queue = office.queue();
  Letter l;
  l.id = office.ids().next();
  l.octets = ChunkList("letter");
  for (int i = 0; i < 4; ++i) l.recipients.push_back({"r@example.net", {Destination::Kind::remote, {}, ""}, 0, ""});
  const LetterId id = l.id;
  Letter another = l;
  another.id = office.ids().next();
  ASSERT_TRUE(office.wait(office.deliver().take(std::move(l), soon())));
  disk.set_full(true);
  EXPECT_EQ(office.wait(office.deliver().take(std::move(another), soon())).error().code(), Errc::no_space);
  EXPECT_EQ(office.wait(queue.claim(10, minutes(5), soon())).value().size(), 4u);
  EXPECT_TRUE(office.wait(queue.defer({id, 0}, {.words = "later", .next = office.clock().now()}, false, soon())));
  EXPECT_TRUE(office.wait(queue.done({id, 0}, {}, soon())));
  EXPECT_TRUE(office.wait(queue.hold({id, 1}, "root", soon())));
  EXPECT_TRUE(office.wait(queue.release({id, 1}, "root", soon())));
  EXPECT_TRUE(office.wait(queue.drop({id, 1}, "root", soon())));
  Letter settled;
  settled.id = office.ids().next();
  for (const std::uint32_t i : {2u, 3u}) settled.settles.push_back({{id, i}, {}});
  EXPECT_TRUE(office.wait(office.deliver().take(std::move(settled), soon())));
  EXPECT_EQ(office.bodies(), 0u);
}

TEST_P(QueueTest, DeferAndDone) {
  const LetterId id = send(2);
  claim();
  const Time later = office_.clock().now() + minutes(30);
  ASSERT_TRUE(wait(queue().defer({id, 0}, {.words = std::string(5000, 'e'), .next = later}, true, soon())));
  ASSERT_TRUE(wait(queue().done({id, 1}, {}, soon())));
  const auto rows = wait(queue().show(id, soon())).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].state, QueueState::waiting);
  EXPECT_EQ(rows[0].next_attempt, later);
  EXPECT_EQ(rows[0].last_error, std::string(1000, 'e'));
  EXPECT_TRUE(rows[0].delay_told);
  office_.clock().advance(minutes(29));
  EXPECT_TRUE(claim().empty());
  EXPECT_FALSE(rows[0].asked);
  ASSERT_TRUE(wait(queue().retry_now({id, 0}, "root", soon())));
  const auto again = claim();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].asked);
  EXPECT_EQ(wait(queue().retry_now({id, 0}, "root", soon())).error().code(), Errc::conflict);
  ASSERT_TRUE(wait(queue().done({id, 0}, {}, soon())));
  EXPECT_EQ(wait(queue().done({id, 0}, {}, soon())).error().code(), Errc::not_found);
  EXPECT_EQ(wait(queue().defer({id, 0}, {.next = later}, false, soon())).error().code(), Errc::not_found);
  office_.clock().advance(minutes(60));
  EXPECT_TRUE(claim().empty());
  EXPECT_EQ(office_.bodies(), 0u);
}

// Each claim looks only at what is new since the last one.
TEST_P(QueueTest, WhatIsDueBeforeTheLastClaimIsFound) {
  office_.clock().advance(minutes(60));
  const LetterId id = send(5);
  const Time sent = office_.clock().now();
  EXPECT_EQ(claim(2).size(), 2u);
  office_.clock().advance(minutes(1));
  EXPECT_EQ(claim(2).size(), 2u) << "of the same instant as the first ones";
  const LetterId other = send(1);
  EXPECT_EQ(claim(2).size(), 2u);
  EXPECT_TRUE(claim().empty());
  for (const Time due : {sent + -minutes(30), sent, office_.clock().now()}) {
    ASSERT_TRUE(wait(queue().defer({id, 0}, {.next = due}, false, soon())));
    ASSERT_TRUE(wait(queue().defer({other, 0}, {.next = office_.clock().now()}, false, soon())));
    EXPECT_EQ(claim().size(), 2u) << (due.us - sent.us);
  }
}

TEST_P(QueueTest, HeldRowsWaitForPeople) {
  const LetterId id = send(1, true);
  EXPECT_TRUE(claim().empty());
  EXPECT_EQ(wait(queue().retry_now({id, 0}, "root", soon())).error().code(), Errc::conflict);
  ASSERT_TRUE(wait(queue().release({id, 0}, "root", soon())));
  ASSERT_EQ(claim().size(), 1u);
  // Held during a transfer: what the transfer says is kept, and no further attempt is made.
  ASSERT_TRUE(wait(queue().hold({id, 0}, "root", soon())));
  ASSERT_TRUE(wait(queue().defer({id, 0}, {.words = "busy", .next = office_.clock().now()}, false, soon())));
  EXPECT_TRUE(claim().empty());
  EXPECT_EQ(wait(queue().show(id, soon())).value()[0].last_error, "busy");
  EXPECT_EQ(wait(queue().hold({id, 7}, "root", soon())).error().code(), Errc::not_found);
}

TEST_P(QueueTest, ListPages) {
  send(3);
  send(2);
  EXPECT_EQ(wait(queue().list({}, 100, soon())).value().size(), 5u);
  const auto first = wait(queue().list({}, 2, soon())).value();
  ASSERT_EQ(first.size(), 2u);
  const auto rest = wait(queue().list(first.back().key, 100, soon())).value();
  ASSERT_EQ(rest.size(), 3u);
  EXPECT_GT(rest[0].key, first[1].key);
}

INSTANTIATE_TEST_SUITE_P(Forms, QueueTest, kForms, form_name);

}  // namespace
}  // namespace chappe::post
