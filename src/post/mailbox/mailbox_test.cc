#include "post/mailbox/mailbox.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "post/mailbox/office_for_test.h"
#include "post/mailbox/records.h"

namespace chappe::post {
namespace {

using testing::form_name;
using testing::kForms;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};

TEST(MailboxName, Canonical) {
  EXPECT_EQ(canonical_mailbox_name("inbox").value(), "INBOX");
  EXPECT_EQ(canonical_mailbox_name("Inbox/x").value(), "INBOX/x");
  EXPECT_EQ(canonical_mailbox_name("Inboxes").value(), "Inboxes");
  EXPECT_EQ(canonical_mailbox_name("a/b/").value(), "a/b");
  EXPECT_EQ(canonical_mailbox_name("Entwürfe/\xe6\x97\xa5").value(), "Entwürfe/\xe6\x97\xa5");
  for (const char* bad : {"", "/", "a//b", "/a", "a\tb", "a\x7f", "\xff", "a\xc2\x85"})
    EXPECT_EQ(canonical_mailbox_name(bad).error().code(), Errc::invalid) << bad;
  EXPECT_EQ(canonical_mailbox_name(std::string(kMaxMailboxName + 1, 'a')).error().code(), Errc::too_large);
  std::string deep = "a";
  for (std::size_t i = 0; i < kMaxMailboxDepth; ++i) deep += "/a";
  EXPECT_EQ(canonical_mailbox_name(deep).error().code(), Errc::too_large);
}

class MailboxTest : public ::testing::TestWithParam<std::string> {
 protected:
  Mailboxes& boxes() { return office_.mailboxes(); }
  template <class T>
  T wait(net::Task<T> task) {
    return office_.wait(std::move(task));
  }
  std::string names() {
    std::string out;
    for (const MailboxInfo& m : wait(boxes().list(kBob, soon())).value()) out += (out.empty() ? "" : " ") + m.name;
    return out;
  }
  MailboxId create(std::string name) { return wait(boxes().create(kBob, name, SpecialUse::none, soon())).value().id; }
  MailboxInfo status(MailboxId id) { return wait(boxes().status(kBob, id, soon())).value(); }

  Office office_{GetParam()};
};

TEST_P(MailboxTest, ANewAccountHasItsMailboxes) {
  EXPECT_EQ(names(), "Archive Drafts INBOX Junk Sent Trash");
  EXPECT_EQ(office_.find(kBob, "inbox").special_use, SpecialUse::none);
  EXPECT_EQ(office_.find(kBob, "Junk").special_use, SpecialUse::junk);
  EXPECT_TRUE(office_.find(kBob, "Sent").subscribed);
  EXPECT_EQ(office_.find(kBob, "INBOX").uidnext, 1u);
  office_.reopen();
  EXPECT_EQ(names(), "Archive Drafts INBOX Junk Sent Trash");
}

TEST_P(MailboxTest, CreateMakesTheLevelsAbove) {
  create("Work/2026/Summer");
  EXPECT_EQ(names(), "Archive Drafts INBOX Junk Sent Trash Work Work/2026 Work/2026/Summer");
  EXPECT_EQ(wait(boxes().create(kBob, "Work", SpecialUse::none, soon())).error().code(), Errc::exists);
  EXPECT_EQ(wait(boxes().create(kBob, "InBoX", SpecialUse::none, soon())).error().code(), Errc::exists);
  EXPECT_EQ(wait(boxes().find(kBob, "work", soon())).error().code(), Errc::not_found);
}

TEST_P(MailboxTest, UidvalidityNeverComesBack) {
  const std::uint32_t first = status(create("x")).uidvalidity;
  ASSERT_TRUE(wait(boxes().remove(kBob, "x", soon())));
  const std::uint32_t second = status(create("x")).uidvalidity;
  EXPECT_GT(second, first);
  office_.clock().jump({1'000'000});  // the clock goes back to 1970
  ASSERT_TRUE(wait(boxes().remove(kBob, "x", soon())));
  EXPECT_GT(status(create("x")).uidvalidity, second);
}

TEST_P(MailboxTest, RenameTakesWhatIsBelow) {
  const MailboxId deep = create("a/b/c");
  create("ab");
  office_.append(kBob, deep, "letter");
  ASSERT_TRUE(wait(boxes().rename(kBob, "a", "z/new", soon())));
  EXPECT_EQ(names(), "Archive Drafts INBOX Junk Sent Trash ab z z/new z/new/b z/new/b/c");
  EXPECT_EQ(office_.find(kBob, "z/new/b/c").id, deep);
  EXPECT_EQ(office_.text(kBob, deep, {1}), "letter");
  EXPECT_EQ(wait(boxes().rename(kBob, "a", "q", soon())).error().code(), Errc::not_found);
  EXPECT_EQ(wait(boxes().rename(kBob, "ab", "Sent", soon())).error().code(), Errc::exists);
  EXPECT_EQ(wait(boxes().rename(kBob, "z", "z/new/b/z", soon())).error().code(), Errc::invalid);
  EXPECT_EQ(names(), "Archive Drafts INBOX Junk Sent Trash ab z z/new z/new/b z/new/b/c");
}

TEST_P(MailboxTest, RenamingInboxMovesItsMessages) {  // RFC 9051 §6.3.6
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  create("INBOX/below");
  office_.append(kBob, inbox, "one");
  office_.append(kBob, inbox, "two");
  ASSERT_TRUE(wait(boxes().rename(kBob, "inbox", "old-mail", soon())));
  const MailboxInfo now = status(inbox);
  EXPECT_EQ(now.name, "INBOX");
  EXPECT_EQ(now.messages, 0u);
  EXPECT_EQ(now.uidnext, 3u);
  const MailboxInfo old = office_.find(kBob, "old-mail");
  EXPECT_EQ(old.messages, 2u);
  EXPECT_EQ(office_.text(kBob, old.id, {2}), "two");
  EXPECT_EQ(office_.find(kBob, "INBOX/below").messages, 0u);
  EXPECT_EQ(wait(boxes().rename(kBob, "INBOX", "old-mail", soon())).error().code(), Errc::exists);
}

// More than a portion, with quota used up: the tree changes in one step, and nobody sees it half done.
TEST_P(MailboxTest, RenamingInboxIsOneChange) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  std::vector<NewMessage> many(Mailboxes::kPortion + 10);
  for (auto& m : many) m.octets = ChunkList("x");
  many.back().flags = {{Flag::seen}, {"tag"}};
  ASSERT_TRUE(wait(boxes().append(kBob, inbox, many, soon())));
  ASSERT_TRUE(wait(boxes().set_quota(kBob, {1}, soon())));
  const ModSeq before = wait(boxes().feed(kBob, {}, 1, soon())).value().modseq;
  ASSERT_TRUE(wait(boxes().rename(kBob, "INBOX", "a/b", soon())));
  const auto feed = wait(boxes().feed(kBob, before, 100, soon())).value().rows;
  ASSERT_EQ(feed.size(), 1u);
  EXPECT_EQ(feed.front().mailboxes.size(), 3u) << "INBOX, a, a/b";
  const MailboxInfo made = office_.find(kBob, "a/b");
  EXPECT_EQ(made.messages, many.size());
  EXPECT_EQ(made.unseen, many.size() - 1);
  EXPECT_EQ(status(inbox).messages, 0u);
  EXPECT_EQ(office_.bodies(), many.size());
  EXPECT_EQ(wait(boxes().usage(kBob, soon())).value().messages, many.size());
}

// The disk is below its reserve: what adds is refused, everything on the way to less is not.
TEST(MailboxSpace, BelowTheReserveMailCanBeDeleted) {
  auto place = std::make_unique<store::testing::MemoryPlace>();
  store::MemoryDisk& disk = place->disk;
  Office office(std::move(place));
  Mailboxes& boxes = office.mailboxes();
  const auto wait = [&](auto task) { return office.wait(std::move(task)); };
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const MailboxId trash = office.find(kBob, "Trash").id;
  ASSERT_TRUE(wait(boxes.create(kBob, "big", SpecialUse::none, soon())));
  for (int i = 0; i < 4; ++i) office.append(kBob, inbox, "letter");
  office.append(kBob, office.find(kBob, "big").id, "letter");
  disk.set_full(true);
  std::vector<NewMessage> one(1);
  one[0].octets = ChunkList("x");
  EXPECT_EQ(wait(boxes.append(kBob, inbox, one, soon())).error().code(), Errc::no_space);
  EXPECT_EQ(wait(boxes.copy(kBob, inbox, {1}, trash, soon())).error().code(), Errc::no_space);
  EXPECT_EQ(wait(boxes.create(kBob, "new", SpecialUse::none, soon())).error().code(), Errc::no_space);
  using How = FlagChange::How;
  EXPECT_EQ(wait(boxes.store_flags(kBob, inbox, {{1}, How::add, {{Flag::seen}, {}}, {}}, soon())).error().code(),
            Errc::no_space);

  EXPECT_TRUE(wait(boxes.store_flags(kBob, inbox, {{1}, How::add, {{Flag::deleted}, {}}, {}}, soon())));
  EXPECT_EQ(wait(boxes.expunge(kBob, inbox, UidSet::all(), Expunge::deleted, soon())).value(), UidSet({1}));
  EXPECT_EQ(wait(boxes.move(kBob, inbox, {2}, trash, soon())).value().uids.size(), 1u);
  EXPECT_EQ(wait(boxes.expunge(kBob, trash, UidSet::all(), Expunge::all, soon())).value(), UidSet({1}));
  EXPECT_TRUE(wait(boxes.remove(kBob, "big", soon())));
  EXPECT_EQ(office.bodies(), 2u);
  EXPECT_TRUE(wait(boxes.remove_account(kBob, soon())));
  EXPECT_EQ(office.bodies(), 0u);
}

TEST_P(MailboxTest, RemoveTakesTheMessagesAndLeavesWhatIsBelow) {
  const MailboxId a = create("a");
  create("a/b");
  for (int i = 0; i < 5; ++i) office_.append(kBob, a, "letter", {{}, {"key"}});
  ASSERT_TRUE(wait(boxes().expunge(kBob, a, {2}, Expunge::all, soon())));
  ASSERT_TRUE(wait(boxes().remove(kBob, "a", soon())));
  EXPECT_EQ(names(), "Archive Drafts INBOX Junk Sent Trash a/b");
  EXPECT_EQ(office_.bodies(), 0u);
  for (const store::Space space :
       {store::Space::message, store::Space::flag_page, store::Space::keywords, store::Space::expunged})
    EXPECT_EQ(office_.rows(kBob, space), 0u);
  EXPECT_EQ(office_.rows({}, store::Space::reap), 0u);
  EXPECT_EQ(wait(boxes().usage(kBob, soon())).value().size, 0u);
  EXPECT_EQ(wait(boxes().usage(kBob, soon())).value().messages, 0u);
  EXPECT_EQ(wait(boxes().status(kBob, a, soon())).error().code(), Errc::not_found);
  EXPECT_EQ(wait(boxes().append(kBob, a, std::vector<NewMessage>(1), soon())).error().code(), Errc::not_found);
  EXPECT_EQ(wait(boxes().remove(kBob, "inbox", soon())).error().code(), Errc::denied);
  EXPECT_EQ(wait(boxes().remove(kBob, "a", soon())).error().code(), Errc::not_found);
}

TEST_P(MailboxTest, Subscriptions) {
  const MailboxId a = create("a");
  EXPECT_FALSE(status(a).subscribed);
  ASSERT_TRUE(wait(boxes().subscribe(kBob, "a", true, soon())));
  EXPECT_TRUE(status(a).subscribed);
  ASSERT_TRUE(wait(boxes().subscribe(kBob, "a", false, soon())));
  EXPECT_FALSE(status(a).subscribed);
  EXPECT_EQ(wait(boxes().subscribe(kBob, "nope", true, soon())).error().code(), Errc::not_found);
}

TEST_P(MailboxTest, AppendGivesUidsInOrder) {
  const MailboxInfo inbox = office_.find(kBob, "INBOX");
  std::vector<NewMessage> two(2);
  two[0].octets = ChunkList("first");
  two[0].flags = {{Flag::seen, Flag::flagged}, {"$Forwarded", "tag"}};
  two[0].internal_date = Time{123};
  two[1].octets = ChunkList("second!");
  const Appended a = wait(boxes().append(kBob, inbox.id, std::move(two), soon())).value();
  EXPECT_EQ(a.uidvalidity, inbox.uidvalidity);
  EXPECT_EQ(a.uids, (std::vector<Uid>{{1}, {2}}));
  EXPECT_EQ(office_.append(kBob, inbox.id, "third"), Uid{3});

  const MailboxInfo now = status(inbox.id);
  EXPECT_EQ(now.uidnext, 4u);
  EXPECT_EQ(now.messages, 3u);
  EXPECT_EQ(now.unseen, 2u);
  EXPECT_EQ(now.size, 17u);
  EXPECT_GT(now.highestmodseq, a.modseq);

  const auto records = wait(boxes().messages(kBob, inbox.id, {1}, {~0u}, 100, soon())).value();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].internal_date, Time{123});
  EXPECT_EQ(records[1].internal_date, office_.clock().now());
  EXPECT_EQ(records[1].body.size, 7u);
  EXPECT_NE(records[0].letter, records[1].letter);
  EXPECT_EQ(wait(boxes().messages(kBob, inbox.id, {2}, {2}, 100, soon())).value().size(), 1u);
  EXPECT_EQ(wait(boxes().messages(kBob, inbox.id, {1}, {~0u}, 2, soon())).value().size(), 2u);
  EXPECT_EQ(wait(boxes().read(records[1].body, 2, 3, soon())).value().flatten(), "con");
}

TEST_P(MailboxTest, AppendIsAllOrNothing) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  for (const std::string bad : {"", "two words", "\\Seen", "a(b", "ü"}) {
    std::vector<NewMessage> two(2);
    two[0].octets = two[1].octets = ChunkList("x");
    two[1].flags.keywords = {bad};
    EXPECT_EQ(wait(boxes().append(kBob, inbox, std::move(two), soon())).error().code(), Errc::invalid) << bad;
  }
  EXPECT_EQ(status(inbox).messages, 0u);
  EXPECT_EQ(office_.bodies(), 0u);
}

TEST_P(MailboxTest, StoreFlags) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  for (int i = 0; i < 3; ++i) office_.append(kBob, inbox, "x");
  using How = FlagChange::How;
  const auto store = [&](UidSet uids, How how, FlagList flags, std::optional<ModSeq> since = {}) {
    return wait(boxes().store_flags(kBob, inbox, {std::move(uids), how, std::move(flags), since}, soon())).value();
  };
  const FlagsChanged seen = store({1, 2, 9}, How::add, {{Flag::seen}, {"Tag"}});
  ASSERT_EQ(seen.states.size(), 2u);
  EXPECT_EQ(seen.states[0].flags, Flags({Flag::seen}));
  EXPECT_TRUE(seen.states[0].keywords.has(0));
  EXPECT_EQ(seen.states[0].modseq, seen.modseq);
  EXPECT_EQ(status(inbox).unseen, 1u);

  // The same again changes nothing, and keywords do not know case.
  const FlagsChanged again = store({1}, How::add, {{Flag::seen}, {"tAG"}});
  EXPECT_EQ(again.modseq, ModSeq{});
  EXPECT_EQ(again.states[0].modseq, seen.modseq);

  const FlagsChanged replaced = store({1}, How::replace, {{Flag::deleted, Flag::draft}, {}});
  EXPECT_EQ(replaced.states[0].flags, Flags({Flag::deleted, Flag::draft}));
  EXPECT_FALSE(replaced.states[0].keywords.any());
  EXPECT_EQ(status(inbox).deleted, 1u);
  EXPECT_EQ(status(inbox).unseen, 2u);

  const FlagsChanged removed = store(UidSet::all(), How::remove, {{Flag::draft, Flag::seen}, {"tag", "unknown"}});
  ASSERT_EQ(removed.states.size(), 3u);
  EXPECT_EQ(removed.states[0].flags, Flags({Flag::deleted}));
  EXPECT_EQ(removed.states[1].flags, Flags());
  EXPECT_FALSE(removed.states[1].keywords.any());
  EXPECT_EQ(status(inbox).unseen, 3u);

  // RFC 7162 §3.1.3
  const FlagsChanged guarded = store(UidSet::all(), How::add, {{Flag::flagged}, {}}, seen.modseq);
  EXPECT_EQ(guarded.modified, UidSet({1, 2}));
  ASSERT_EQ(guarded.states.size(), 1u);
  EXPECT_EQ(guarded.states[0].uid, Uid{3});
}

TEST_P(MailboxTest, KeywordsAreLimited) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  FlagList many;
  for (std::size_t i = 0; i < kMaxKeywords; ++i) many.keywords.push_back("k" + std::to_string(i));
  office_.append(kBob, inbox, "x", many);
  std::vector<NewMessage> one(1);
  one[0].octets = ChunkList("x");
  one[0].flags.keywords = {"onemore"};
  EXPECT_EQ(wait(boxes().append(kBob, inbox, one, soon())).error().code(), Errc::too_large);
  one[0].flags.keywords = {std::string(kMaxKeywordSize + 1, 'k')};
  EXPECT_EQ(wait(boxes().append(kBob, inbox, one, soon())).error().code(), Errc::too_large);
  auto view = wait(boxes().open(kBob, inbox, soon())).value();
  EXPECT_EQ(view->mailbox().keyword_names(view->state(1)->keywords).size(), kMaxKeywords);
}

TEST_P(MailboxTest, CopySharesTheBody) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  const MailboxInfo trash = office_.find(kBob, "Trash");
  for (int i = 1; i <= 3; ++i) office_.append(kBob, inbox, "letter " + std::to_string(i), {{Flag::seen}, {"tag"}});
  office_.append(kBob, trash.id, "other", {{}, {"elsewhere"}});
  const Copied c = wait(boxes().copy(kBob, inbox, {1, 3, 17}, trash.id, soon())).value();
  EXPECT_EQ(c.uidvalidity, trash.uidvalidity);
  EXPECT_EQ(c.uids, (std::vector<std::pair<Uid, Uid>>{{{1}, {2}}, {{3}, {3}}}));
  EXPECT_EQ(office_.bodies(), 4u);
  EXPECT_EQ(status(inbox).messages, 3u);

  auto view = wait(boxes().open(kBob, trash.id, soon())).value();
  EXPECT_EQ(view->mailbox().keyword_names(view->state(2)->keywords), std::vector<std::string>{"tag"});
  EXPECT_EQ(view->state(2)->flags, Flags({Flag::seen}));
  const auto source = wait(boxes().message(kBob, inbox, {3}, soon())).value();
  const auto copy = wait(boxes().message(kBob, trash.id, {3}, soon())).value();
  EXPECT_EQ(source->email, copy->email);

  ASSERT_TRUE(wait(boxes().expunge(kBob, inbox, UidSet::all(), Expunge::all, soon())));
  EXPECT_EQ(office_.text(kBob, trash.id, {3}), "letter 3");
  EXPECT_EQ(office_.bodies(), 3u);
  ASSERT_TRUE(wait(boxes().expunge(kBob, trash.id, UidSet::all(), Expunge::all, soon())));
  EXPECT_EQ(office_.bodies(), 0u);
}

TEST_P(MailboxTest, CopyIntoItself) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  office_.append(kBob, inbox, "x");
  EXPECT_EQ(wait(boxes().copy(kBob, inbox, UidSet::all(), inbox, soon())).value().uids.size(), 1u);
  EXPECT_EQ(wait(boxes().move(kBob, inbox, UidSet::all(), inbox, soon())).value().uids.size(), 2u);
  EXPECT_EQ(status(inbox).messages, 2u);
  EXPECT_EQ(status(inbox).uidnext, 5u);
  EXPECT_EQ(office_.text(kBob, inbox, {4}), "x");
}

TEST_P(MailboxTest, MoveAndExpungeInPortions) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  const MailboxId trash = office_.find(kBob, "Trash").id;
  const std::size_t n = 2 * Mailboxes::kPortion + 100;
  std::vector<NewMessage> many(n);
  for (auto& m : many) m.octets = ChunkList("x");
  ASSERT_TRUE(wait(boxes().append(kBob, inbox, many, soon())));
  const Copied c = wait(boxes().move(kBob, inbox, UidSet::range(1, n - 10), trash, soon())).value();
  EXPECT_EQ(c.uids.size(), n - 10);
  EXPECT_EQ(c.uids.back(), std::pair(Uid{static_cast<std::uint32_t>(n - 10)}, Uid{static_cast<std::uint32_t>(n - 10)}));
  EXPECT_EQ(status(inbox).messages, 10u);
  EXPECT_EQ(status(trash).messages, n - 10);
  EXPECT_EQ(office_.bodies(), n);

  using How = FlagChange::How;
  ASSERT_TRUE(
      wait(boxes().store_flags(kBob, trash, {UidSet::range(5, n), How::add, {{Flag::deleted}, {}}, {}}, soon())));
  const UidSet gone = wait(boxes().expunge(kBob, trash, UidSet::all(), Expunge::deleted, soon())).value();
  EXPECT_EQ(gone, UidSet::range(5, n - 10));
  EXPECT_EQ(status(trash).messages, 4u);
  EXPECT_EQ(status(trash).deleted, 0u);
  EXPECT_EQ(office_.bodies(), 14u);
  EXPECT_EQ(wait(boxes().expunged_since(kBob, trash, {}, soon())).value(), gone);
  EXPECT_EQ(wait(boxes().usage(kBob, soon())).value().messages, 14u);
  // A UID is never given again.
  EXPECT_EQ(office_.append(kBob, trash, "x"), Uid{static_cast<std::uint32_t>(n - 9)});
}

TEST_P(MailboxTest, Quota) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  ASSERT_TRUE(wait(boxes().set_quota(kBob, {100}, soon())));
  office_.append(kBob, inbox, std::string(60, 'x'));
  std::vector<NewMessage> more(1);
  more[0].octets = ChunkList(std::string(41, 'x'));
  EXPECT_EQ(wait(boxes().append(kBob, inbox, more, soon())).error().code(), Errc::over_quota);
  EXPECT_EQ(wait(boxes().copy(kBob, inbox, {1}, inbox, soon())).error().code(), Errc::over_quota);
  EXPECT_EQ(wait(boxes().usage(kBob, soon())).value().size, 60u);
  ASSERT_TRUE(wait(boxes().set_quota(kBob, {}, soon())));
  EXPECT_TRUE(wait(boxes().append(kBob, inbox, more, soon())));
}

TEST_P(MailboxTest, QuotaOfMessages) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  const MailboxId sent = office_.find(kBob, "Sent").id;
  ASSERT_TRUE(wait(boxes().set_quota(kBob, {.octets = 0, .messages = 2}, soon())));
  office_.append(kBob, inbox, "x");
  std::vector<NewMessage> two(2);
  for (auto& m : two) m.octets = ChunkList("y");
  EXPECT_EQ(wait(boxes().append(kBob, inbox, two, soon())).error().code(), Errc::over_quota) << "all or none";
  office_.append(kBob, inbox, "y");
  EXPECT_EQ(wait(boxes().copy(kBob, inbox, {1}, sent, soon())).error().code(), Errc::over_quota);
  EXPECT_TRUE(wait(boxes().move(kBob, inbox, {1}, sent, soon()))) << "it adds nothing";
  const Usage usage = wait(boxes().usage(kBob, soon())).value();
  EXPECT_EQ(usage.messages, 2u);
  EXPECT_EQ(usage.message_limit, 2u);
  EXPECT_FALSE(usage.holds(0));
  ASSERT_TRUE(wait(boxes().expunge(kBob, sent, {1}, Expunge::all, soon())));
  EXPECT_TRUE(wait(boxes().copy(kBob, inbox, {2}, sent, soon())));
}

TEST_P(MailboxTest, AHundredThousandMailboxes) {
  if (GetParam() != "memory") return;  // the same rows, and more time
  office_.find(kBob, "INBOX");
  // As create() would write them, which takes its time.
  store::Batch batch;
  const auto row = wait(office_.store().get(records::account_key(kBob), soon())).value();
  records::AccountRow account = records::decode_account(row->view()).value();
  while (account.mailboxes < kMaxMailboxes - 1) {
    MailboxInfo info;
    info.id = {account.next_mailbox++};
    info.name = fmt::format("{:03}/{:03}", account.mailboxes * 7919 % 1000, account.mailboxes / 1000);
    if (account.mailboxes % 1000 == 0) info.name = fmt::format("{:03}", account.mailboxes / 1000);
    info.uidvalidity = 1;
    batch.put(records::mailbox_key(kBob, info.id), records::encode(info));
    batch.put(records::name_key(kBob, info.name), records::encode_id(info.id));
    ++account.mailboxes;
  }
  batch.put(records::account_key(kBob), records::encode(account));
  ASSERT_TRUE(wait(office_.store().write(std::move(batch), soon())));
  create("the last one");
  EXPECT_EQ(wait(boxes().create(kBob, "one more", SpecialUse::none, soon())).error().code(), Errc::too_large);
  const auto list = wait(boxes().list(kBob, soon())).value();
  EXPECT_EQ(list.size(), kMaxMailboxes);
  EXPECT_TRUE(std::ranges::is_sorted(list, {}, &MailboxInfo::name));
  ASSERT_TRUE(wait(boxes().remove(kBob, "the last one", soon())));
  EXPECT_TRUE(wait(boxes().create(kBob, "one more", SpecialUse::none, soon())));
}

TEST_P(MailboxTest, CopiesKeepTheirEmailId) {  // RFC 8474 §5.1
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  const MailboxId sent = office_.find(kBob, "Sent").id;
  office_.append(kBob, inbox, "x");
  const auto record = [&](MailboxId box, Uid uid) { return wait(boxes().message(kBob, box, uid, soon())).value(); };
  const MessageRecord first = *record(inbox, {1});
  office_.clock().advance(std::chrono::hours(1));
  ASSERT_TRUE(wait(boxes().copy(kBob, inbox, {1}, sent, soon())));
  ASSERT_TRUE(wait(boxes().move(kBob, inbox, {1}, sent, soon())));
  for (const Uid uid : {Uid{1}, Uid{2}}) {
    EXPECT_EQ(record(sent, uid)->email, first.email);
    EXPECT_EQ(record(sent, uid)->internal_date, first.internal_date);
    EXPECT_EQ(record(sent, uid)->saved, first.saved + std::chrono::hours(1)) << "RFC 8514 §3: when it came here";
  }
}

TEST_P(MailboxTest, TheFeedTellsEverything) {
  const MailboxId inbox = office_.find(kBob, "INBOX").id;
  const ModSeq start = wait(boxes().feed(kBob, {}, 100, soon())).value().rows.back().modseq;
  office_.append(kBob, inbox, "x");
  office_.append(kBob, inbox, "y");
  const LetterId second = wait(boxes().message(kBob, inbox, {2}, soon())).value()->email;
  using How = FlagChange::How;
  ASSERT_TRUE(wait(boxes().store_flags(kBob, inbox, {{1}, How::add, {{Flag::seen}, {}}, {}}, soon())));
  ASSERT_TRUE(wait(boxes().expunge(kBob, inbox, {2}, Expunge::all, soon())));
  const MailboxId made = create("new");
  const auto feed = wait(boxes().feed(kBob, start, 100, soon())).value().rows;
  ASSERT_EQ(feed.size(), 5u);
  EXPECT_EQ(feed[0].mailboxes[0].added, UidSet({1}));
  EXPECT_EQ(feed[2].mailboxes[0].flags, UidSet({1}));
  EXPECT_EQ(feed[3].mailboxes[0].expunged, UidSet({2}));
  EXPECT_EQ(feed[3].mailboxes[0].gone, std::vector<LetterId>{second});
  EXPECT_EQ(feed[4].mailboxes[0].mailbox, made);
  EXPECT_TRUE(feed[4].mailboxes[0].tree);
  for (std::size_t i = 1; i < feed.size(); ++i) EXPECT_GT(feed[i].modseq, feed[i - 1].modseq);
  EXPECT_EQ(wait(boxes().feed(kBob, start, 2, soon())).value().rows.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Forms, MailboxTest, kForms, form_name);

}  // namespace
}  // namespace chappe::post
