#include "post/mailbox/view.h"

#include <gtest/gtest.h>

#include <thread>

#include "post/mailbox/office_for_test.h"
#include "post/mailbox/records.h"

namespace chappe::post {
namespace {

using testing::form_name;
using testing::kForms;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};
using How = FlagChange::How;
using Expunges = View::Expunges;
using Seqs = std::vector<std::uint32_t>;

class ViewTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { inbox_ = office_.find(kBob, "INBOX").id; }
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  std::unique_ptr<View> open() { return wait(office_.mailboxes().open(kBob, inbox_, soon())).value(); }
  View::Update update(View& v, Expunges e = Expunges::announce) { return wait(v.update(e, soon())).value(); }
  void append(int n) {
    for (int i = 0; i < n; ++i) office_.append(kBob, inbox_, "x");
  }
  void expunge(UidSet uids) {
    ASSERT_TRUE(wait(office_.mailboxes().expunge(kBob, inbox_, std::move(uids), Expunge::all, soon())));
  }
  void flag(UidSet uids, FlagList flags = {{Flag::seen}, {}}) {
    ASSERT_TRUE(
        wait(office_.mailboxes().store_flags(kBob, inbox_, {std::move(uids), How::add, std::move(flags), {}}, soon())));
  }

  Office office_{GetParam()};
  MailboxId inbox_;
};

TEST_P(ViewTest, TellsWhatIsNew) {
  append(2);
  auto v = open();
  EXPECT_EQ(v->size(), 2u);
  EXPECT_TRUE(update(*v).empty());

  append(1);
  office_.executor().poll();
  EXPECT_TRUE(v->changed().is_set());
  EXPECT_EQ(v->size(), 2u);  // until it is told
  View::Update u = update(*v);
  EXPECT_TRUE(u.grown);
  EXPECT_TRUE(u.flags.empty());
  EXPECT_EQ(v->size(), 3u);
  EXPECT_FALSE(v->changed().is_set());

  flag({2, 3});
  u = update(*v);
  EXPECT_EQ(u.flags, (Seqs{2, 3}));
  EXPECT_TRUE(v->state(2)->flags.has(Flag::seen));

  expunge({1, 3});
  u = update(*v);
  EXPECT_EQ(u.expunged, (Seqs{3, 1}));
  EXPECT_EQ(u.vanished, UidSet({1, 3}));
  EXPECT_EQ(v->size(), 1u);
  EXPECT_EQ(v->uid(1), Uid{2});
  EXPECT_TRUE(update(*v).empty());
}

TEST_P(ViewTest, ExpungesWaitUntilTheyMayBeTold) {  // RFC 9051 §7.5.1
  append(4);
  auto v = open();
  expunge({2, 4});
  flag({3});
  append(1);
  View::Update u = update(*v, Expunges::keep);
  EXPECT_TRUE(u.expunged.empty());
  EXPECT_TRUE(u.grown);
  EXPECT_EQ(u.flags, Seqs{3});
  EXPECT_EQ(v->size(), 5u);
  EXPECT_FALSE(v->state(2));
  EXPECT_EQ(v->uid(4), Uid{4});
  EXPECT_EQ(v->seq({5}), 5u);
  EXPECT_TRUE(update(*v, Expunges::keep).empty());
  u = update(*v);
  EXPECT_EQ(u.expunged, (Seqs{4, 2}));
  EXPECT_FALSE(u.grown);
  EXPECT_EQ(v->seq({5}), 3u);
  EXPECT_EQ(v->seq({4}), 0u);
  EXPECT_EQ(v->lower_bound({4}), 3u);
  EXPECT_EQ(v->lower_bound({6}), 4u);
}

TEST_P(ViewTest, ALastMessageThatWentDoesNotComeBack) {
  append(1);
  auto v = open();
  expunge({1});
  EXPECT_EQ(update(*v).expunged, Seqs{1});
  append(1);
  EXPECT_TRUE(update(*v).grown);
  EXPECT_EQ(v->uid(1), Uid{2});
}

TEST_P(ViewTest, SessionsShareTheStateAndHaveTheirOwnView) {
  append(2);
  auto a = open();
  auto b = open();
  EXPECT_EQ(&a->mailbox(), &b->mailbox());
  expunge({1});
  EXPECT_EQ(update(*a).expunged, Seqs{1});
  EXPECT_EQ(b->size(), 2u);
  EXPECT_EQ(update(*b, Expunges::keep).expunged, Seqs{});
  EXPECT_EQ(update(*b).expunged, Seqs{1});
  a.reset();
  append(1);
  EXPECT_TRUE(update(*b).grown);
}

TEST_P(ViewTest, KeywordsAndRemoval) {
  append(1);
  auto v = open();
  flag({1}, {{}, {"Tag"}});
  View::Update u = update(*v);
  EXPECT_TRUE(u.keywords);
  EXPECT_EQ(v->mailbox().keyword_names(v->state(1)->keywords), std::vector<std::string>{"Tag"});

  const auto made = wait(office_.mailboxes().create(kBob, "gone", SpecialUse::none, soon())).value();
  auto g = wait(office_.mailboxes().open(kBob, made.id, soon())).value();
  ASSERT_TRUE(wait(office_.mailboxes().remove(kBob, "gone", soon())));
  u = update(*g);
  EXPECT_TRUE(u.removed);
  EXPECT_TRUE(update(*g).empty());
  EXPECT_EQ(wait(office_.mailboxes().open(kBob, made.id, soon())).error().code(), Errc::not_found);
}

TEST_P(ViewTest, AnIdleSessionIsWoken) {
  append(1);
  auto v = open();
  EXPECT_EQ(wait([](View* view) -> net::Task<Result<void>> {
              co_return co_await view->changed().wait(net::Deadline::in(std::chrono::milliseconds(10)));
            }(v.get()))
                .error()
                .code(),
            Errc::timeout);
  net::Scope scope;
  bool woken = false;
  wait([](Office* office, MailboxId inbox, View* view, net::Scope* children, bool* done) -> net::Task<void> {
    children->spawn([](View* w, bool* d) -> net::Task<void> {
      *d = (co_await w->changed().wait(net::Deadline::in(std::chrono::seconds(20)))).has_value();
    }(view, done));
    std::vector<NewMessage> one(1);
    one[0].octets = ChunkList("x");
    EXPECT_TRUE(co_await office->mailboxes().append(kBob, inbox, std::move(one), soon()));
    co_await children->join();
  }(&office_, inbox_, v.get(), &scope, &woken));
  EXPECT_TRUE(woken);
  EXPECT_TRUE(update(*v).grown);
}

TEST_P(ViewTest, OtherMailboxesAreNoNews) {
  append(1);
  auto v = open();
  office_.append(kBob, office_.find(kBob, "Sent").id, "x");
  office_.executor().poll();
  EXPECT_FALSE(v->changed().is_set());
  EXPECT_TRUE(update(*v).empty());
  append(1);
  EXPECT_TRUE(update(*v).grown);
}

// Two sessions, random commands, and a model of what a client believes: after every update the client's picture must
// be that of the store.
TEST_P(ViewTest, RandomSessionsAgreeWithTheStore) {
  SeededRandom random(11);
  const bool memory = GetParam() == "memory";
  const std::uint32_t page = records::kPageUids;
  {
    // Three pages to begin with.
    std::vector<NewMessage> many(page * 2 + 50);
    for (auto& m : many) m.octets = ChunkList("x");
    ASSERT_TRUE(wait(office_.mailboxes().append(kBob, inbox_, std::move(many), soon())));
  }
  struct Client {
    std::unique_ptr<View> view;
    std::vector<std::pair<Uid, Flags>> picture;
  };
  std::vector<Client> clients(2);
  for (Client& c : clients) {
    c.view = open();
    for (std::uint32_t s = 1; s <= c.view->size(); ++s) c.picture.emplace_back(c.view->uid(s), c.view->state(s)->flags);
  }
  const auto hear = [&](Client& c, Expunges e) {
    const View::Update u = update(*c.view, e);
    for (const std::uint32_t seq : u.expunged) {
      ASSERT_LE(seq, c.picture.size());
      c.picture.erase(c.picture.begin() + seq - 1);
    }
    ASSERT_EQ(u.grown, c.view->size() > c.picture.size());
    while (c.picture.size() < c.view->size()) {
      const std::uint32_t seq = static_cast<std::uint32_t>(c.picture.size()) + 1;
      c.picture.emplace_back(c.view->uid(seq), c.view->state(seq)->flags);
    }
    for (const std::uint32_t seq : u.flags) c.picture[seq - 1].second = c.view->state(seq)->flags;
  };
  for (int step = 0; step < (memory ? 400 : 120); ++step) {
    const auto any = [&] { return static_cast<std::uint32_t>(1 + random.below(page * 2 + 300)); };
    UidSet some;
    for (auto n = 1 + random.below(3); n > 0; --n) {
      const std::uint32_t at = any();
      some.add(at, at + static_cast<std::uint32_t>(random.below(random.below(10) == 0 ? 1500 : 4)));
    }
    switch (random.below(4)) {
      case 0:
        append(static_cast<int>(random.below(3)));
        break;
      case 1:
        expunge(some);
        break;
      default:
        ASSERT_TRUE(
            wait(office_.mailboxes().store_flags(kBob, inbox_,
                                                 {some,
                                                  random.below(2) ? How::add : How::remove,
                                                  {random.below(2) ? Flags{Flag::seen} : Flags{Flag::deleted}, {}},
                                                  {}},
                                                 soon())));
    }
    Client& c = clients[random.below(2)];
    ASSERT_NO_FATAL_FAILURE(hear(c, random.below(3) ? Expunges::announce : Expunges::keep));
    if (random.below(8) != 0) continue;
    const auto fresh = [&] {
      std::vector<std::pair<Uid, Flags>> out;
      auto states =
          wait(office_.mailboxes().store_flags(kBob, inbox_, {UidSet::all(), How::add, {}, {}}, soon())).value().states;
      for (const MessageState& s : states) out.emplace_back(s.uid, s.flags);
      return out;
    }();
    for (Client& each : clients) {
      ASSERT_NO_FATAL_FAILURE(hear(each, Expunges::announce));
      ASSERT_EQ(each.picture, fresh);
    }
    const MailboxInfo info = wait(office_.mailboxes().status(kBob, inbox_, soon())).value();
    ASSERT_EQ(info.messages, fresh.size());
    std::uint32_t unseen = 0;
    std::uint32_t deleted = 0;
    for (const auto& [uid, flags] : fresh) {
      unseen += !flags.has(Flag::seen);
      deleted += flags.has(Flag::deleted);
    }
    ASSERT_EQ(info.unseen, unseen);
    ASSERT_EQ(info.deleted, deleted);
    ASSERT_EQ(office_.bodies(), fresh.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, ViewTest, kForms, form_name);

// Letters come in on another thread while a session idles at home; the commit service has its own. For TSan.
TEST(ViewThreads, AnIdleSessionHearsOfEveryLetter) {
  Office office("memory", store::Commit::Mode::thread);
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  auto view = office.wait(office.mailboxes().open(kBob, inbox, soon())).value();
  constexpr std::uint32_t kLetters = 200;
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < kLetters; ++i) {
      std::vector<NewMessage> one(1);
      one[0].octets = ChunkList("x");
      EXPECT_TRUE(net::run(office.mailboxes().append(kBob, inbox, std::move(one), soon())));
    }
  });
  const auto idle = [](View* v) -> net::Task<std::uint32_t> {
    std::uint32_t updates = 0;
    while (v->size() < kLetters) {
      if (!co_await v->changed().wait(soon())) break;
      const auto u = co_await v->update(Expunges::announce, soon());
      if (!u) break;
      ++updates;
    }
    co_return updates;
  };
  EXPECT_GE(office.wait(idle(view.get())), 1u);
  sender.join();
  EXPECT_EQ(view->size(), kLetters);
}

}  // namespace
}  // namespace chappe::post
