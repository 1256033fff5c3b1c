// The feed is forgotten in time, and who comes back later than that reads anew and misses nothing.
#include <gtest/gtest.h>

#include "post/mailbox/office_for_test.h"

namespace chappe::post {
namespace {

using namespace std::chrono_literals;
using store::testing::MemoryPlace;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};
using How = FlagChange::How;

class HistoryTest : public ::testing::Test {
 protected:
  static constexpr HistoryLimits kLimits{.changes = 1000, .age = 24h * 90};

  Mailboxes& boxes() { return office_.mailboxes(); }
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  // `n` changes of the flags of a message.
  void toggle(MailboxId mailbox, std::uint32_t uid, int n) {
    for (int i = 0; i < n; ++i) {
      const auto how = i % 2 == 0 ? How::add : How::remove;
      ASSERT_TRUE(wait(boxes().store_flags(kBob, mailbox, {{uid}, how, {{Flag::flagged}, {}}, {}}, soon())));
    }
  }
  Feed feed(ModSeq since) { return wait(boxes().feed(kBob, since, 10'000, soon())).value(); }
  std::size_t kept() { return office_.rows(kBob, store::Space::change); }

  Office office_{std::make_unique<MemoryPlace>(), kLimits};
  MailboxId inbox_ = office_.find(kBob, "INBOX").id;
};

TEST_F(HistoryTest, IsBoundedByCount) {
  for (int i = 0; i < 5; ++i) office_.append(kBob, inbox_, "letter");
  const ModSeq early = feed({}).modseq;
  ASSERT_TRUE(wait(boxes().expunge(kBob, inbox_, {2}, Expunge::all, soon())));
  EXPECT_EQ(office_.rows(kBob, store::Space::expunged), 1u);
  toggle(inbox_, 1, 3000);
  EXPECT_GE(kept(), 1000u) << "what was promised is there";
  EXPECT_LT(kept(), 1300u) << "and hardly more";
  EXPECT_EQ(office_.rows(kBob, store::Space::expunged), 0u) << "it goes with its change";

  const Feed late = feed(early);
  EXPECT_TRUE(late.resync);
  EXPECT_TRUE(late.rows.empty());
  const Feed fresh = feed({late.modseq.value - 1000});
  EXPECT_FALSE(fresh.resync);
  ASSERT_EQ(fresh.rows.size(), 1000u);
  EXPECT_EQ(fresh.rows.back().modseq, late.modseq);
  office_.reopen();
  EXPECT_TRUE(feed(early).resync);
}

TEST_F(HistoryTest, IsBoundedByAge) {
  office_.append(kBob, inbox_, "letter");
  toggle(inbox_, 1, 600);
  const ModSeq then = feed({}).modseq;
  office_.clock().advance(90 * 24h);
  toggle(inbox_, 1, 100);
  EXPECT_FALSE(feed({}).resync) << "not yet";
  office_.clock().advance(90 * 24h);
  toggle(inbox_, 1, 10);
  EXPECT_TRUE(feed({}).resync);
  EXPECT_LT(kept(), 600u) << "what was before is gone, but for a remainder";
  EXPECT_FALSE(feed(then).resync) << "what is younger stays";
}

TEST_F(HistoryTest, AnOpenMailboxThatIsTooFarBehindReadsAnew) {
  for (int i = 0; i < 3; ++i) office_.append(kBob, inbox_, "letter");
  auto view = wait(boxes().open(kBob, inbox_, soon())).value();
  auto other = wait(boxes().open(kBob, office_.find(kBob, "Sent").id, soon())).value();
  ASSERT_TRUE(wait(boxes().expunge(kBob, inbox_, {2}, Expunge::all, soon())));
  toggle(inbox_, 1, 2001);
  const auto update = wait(view->update(View::Expunges::announce, soon())).value();
  EXPECT_EQ(update.expunged, std::vector<std::uint32_t>{2});
  EXPECT_EQ(update.flags, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(view->state(1)->flags.has(Flag::flagged));

  ASSERT_TRUE(wait(boxes().remove(kBob, "Sent", soon())));
  toggle(inbox_, 1, 2001);
  EXPECT_TRUE(wait(other->update(View::Expunges::announce, soon())).value().removed);
}

// RFC 7162 §3.2.6: more may be told as vanished than has vanished since, and never less.
TEST_F(HistoryTest, ExpungesThatWereForgottenAreToldFromWhatIsLeft) {
  for (int i = 0; i < 6; ++i) office_.append(kBob, inbox_, "letter");
  const ModSeq start = feed({}).modseq;
  ASSERT_TRUE(wait(boxes().expunge(kBob, inbox_, {1, 2}, Expunge::all, soon())));
  const ModSeq middle = feed({}).modseq;
  ASSERT_TRUE(wait(boxes().expunge(kBob, inbox_, {4, 6}, Expunge::all, soon())));
  EXPECT_EQ(wait(boxes().expunged_since(kBob, inbox_, middle, soon())).value(), UidSet({4, 6}));
  toggle(inbox_, 3, 2000);
  for (const ModSeq since : {start, middle, ModSeq{}})
    EXPECT_EQ(wait(boxes().expunged_since(kBob, inbox_, since, soon())).value(), UidSet({1, 2, 4, 6}));
  EXPECT_EQ(wait(boxes().expunged_since(kBob, inbox_, feed({}).modseq, soon())).value(), UidSet());
  EXPECT_EQ(wait(boxes().expunged_since(kBob, {99}, start, soon())).error().code(), Errc::not_found);
}

}  // namespace
}  // namespace chappe::post
