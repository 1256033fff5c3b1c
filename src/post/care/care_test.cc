// Deleted mail: it is kept, brought back as it was, and goes when its time is over; on every form of the store, and
// with the power cut at any write.
#include "post/care/care.h"

#include <gtest/gtest.h>

#include <map>

#include "post/directory/rows.h"
#include "post/mailbox/account_txn.h"
#include "post/mailbox/office_for_test.h"
#include "post/mailbox/records.h"
#include "post/mailbox/summary.h"

namespace chappe::post {
namespace {

using store::MemoryDisk;
using store::Space;
using store::testing::MemoryPlace;
using testing::Office;
using testing::soon;

constexpr AccountId kBob{7};
constexpr AccountId kAnn{8};
constexpr Duration kKept = std::chrono::hours(24);

class Kept : public ::testing::TestWithParam<std::string> {
 protected:
  Care care() { return Care(office.store(), office.commit(), office.mailboxes(), office.clock()); }
  std::vector<KeptLetter> list(AccountId account, KeptQuery query = {}) {
    Care c = care();
    return office.wait(c.kept(account, std::move(query), {}, 1000, soon())).value().letters;
  }
  Undeleted undelete(AccountId from, AccountId to, KeptQuery query = {}, std::string into = {}) {
    Care c = care();
    return office.wait(c.undelete(from, to, std::move(query), std::move(into), {}, soon())).value();
  }
  LetGo reap() {
    Care c = care();
    return office.wait(c.reap(soon())).value();
  }
  void expunge(AccountId account, MailboxId mailbox, UidSet uids) {
    ASSERT_TRUE(office.wait(office.mailboxes().expunge(account, mailbox, std::move(uids), Expunge::all, soon())));
  }
  void hold(Hold::Of of, std::uint32_t id) {
    const Hold row{.of = of, .id = id, .object = "x", .since = {}, .who = "t", .reason = {}};
    ASSERT_TRUE(office.wait(office.commit().submit(
        [row](store::Txn& txn) -> Result<void> {
          txn.put(rows::hold_key(row.of, row.id), rows::encode(row));
          return {};
        },
        soon())));
  }
  MessageState state(AccountId account, MailboxId mailbox, Uid uid) {
    auto view = office.wait(office.mailboxes().open(account, mailbox, soon())).value();
    return view->mailbox().find(uid).value_or(MessageState());
  }

  Office office{store::testing::make_place(GetParam()), HistoryLimits{.deleted = kKept}};
};
INSTANTIATE_TEST_SUITE_P(Forms, Kept, testing::kForms, testing::form_name);

TEST_P(Kept, ComesBackAsItWas) {
  const MailboxInfo inbox = office.find(kBob, "INBOX");
  const Uid uid = office.append(kBob, inbox.id, "letter", {{Flag::seen, Flag::deleted}, {"$Forwarded", "urgent"}});
  const MessageRecord before = *office.wait(office.mailboxes().message(kBob, inbox.id, uid, soon())).value();
  office.clock().advance(std::chrono::seconds(5));
  expunge(kBob, inbox.id, {uid.value});

  EXPECT_EQ(office.find(kBob, "INBOX").messages, 0u);
  EXPECT_EQ(office.wait(office.mailboxes().usage(kBob, soon())).value().size, 0u);
  EXPECT_EQ(office.bodies(), 1u);
  const auto kept = list(kBob);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].when, office.clock().now());
  EXPECT_EQ(kept[0].name, "INBOX");
  EXPECT_EQ(kept[0].record.uid, uid);

  const Undeleted back = undelete(kBob, kBob);
  EXPECT_EQ(back.letters, 1u);
  EXPECT_EQ(back.size, 6u);
  EXPECT_FALSE(back.next);
  const Uid fresh{uid.value + 1};
  EXPECT_EQ(office.text(kBob, inbox.id, fresh), "letter");
  const MessageRecord after = *office.wait(office.mailboxes().message(kBob, inbox.id, fresh, soon())).value();
  EXPECT_EQ(after.email, before.email);
  EXPECT_EQ(after.internal_date, before.internal_date);
  const MessageState s = state(kBob, inbox.id, fresh);
  EXPECT_EQ(s.flags, Flags{Flag::seen});  // without \Deleted
  EXPECT_TRUE(s.keywords.has(0) && s.keywords.has(1));
  EXPECT_EQ(office.wait(office.mailboxes().usage(kBob, soon())).value().size, 6u);
  EXPECT_EQ(office.rows(kBob, Space::kept), 0u);
  EXPECT_EQ(office.rows({}, Space::keeper), 0u);
  EXPECT_EQ(office.bodies(), 1u);
}

TEST_P(Kept, IsLetGoWhenItsTimeIsOver) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  expunge(kBob, inbox, {office.append(kBob, inbox, "one").value});
  office.clock().advance(std::chrono::hours(1));
  expunge(kBob, inbox, {office.append(kBob, inbox, "two").value});
  EXPECT_EQ(reap().letters, 0u);
  office.clock().advance(kKept - std::chrono::hours(1));
  EXPECT_EQ(reap().letters, 1u);
  ASSERT_EQ(list(kBob).size(), 1u);
  EXPECT_EQ(office.rows({}, Space::keeper), 1u);
  office.clock().advance(std::chrono::hours(1));
  EXPECT_EQ(reap().size, 3u);
  EXPECT_EQ(office.bodies(), 0u);
  EXPECT_EQ(office.rows({}, Space::keeper), 0u);
  EXPECT_EQ(undelete(kBob, kBob).letters, 0u);
}

// More than one portion, each of which is a Change.
TEST_P(Kept, ManyComeBackAndGoInPortions) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const std::size_t many = 2 * Care::kPortion + 10;
  std::vector<NewMessage> messages(many);
  for (auto& m : messages) m.octets = ChunkList("x");
  ASSERT_TRUE(office.wait(office.mailboxes().append(kBob, inbox, std::move(messages), soon())));
  expunge(kBob, inbox, UidSet::all());
  Care c = care();
  std::uint64_t back = 0;
  for (Bytes after;;) {
    const auto portion = office.wait(c.undelete(kBob, kBob, {}, {}, after, soon())).value();
    back += portion.letters;
    if (!portion.next) break;
    after = *portion.next;
  }
  EXPECT_EQ(back, many);
  EXPECT_EQ(office.find(kBob, "INBOX").messages, many);
  expunge(kBob, inbox, UidSet::all());
  office.clock().advance(kKept);
  EXPECT_EQ(reap().letters, many);
  EXPECT_EQ(office.bodies(), 0u);
}

TEST_P(Kept, OfARemovedMailboxComesBackWithIt) {
  const MailboxInfo work = office.wait(office.mailboxes().create(kBob, "Work/2026", SpecialUse::none, soon())).value();
  office.append(kBob, work.id, "letter", {{Flag::flagged}, {"todo"}});
  ASSERT_TRUE(office.wait(office.mailboxes().remove(kBob, "Work/2026", soon())));
  ASSERT_EQ(list(kBob).size(), 1u);
  EXPECT_EQ(office.rows({}, Space::reap), 0u);
  EXPECT_EQ(undelete(kBob, kBob, {.mailbox = "Work/2026"}).letters, 1u);
  const MailboxInfo again = office.find(kBob, "Work/2026");
  EXPECT_TRUE(again.subscribed);
  EXPECT_NE(again.id, work.id);
  EXPECT_EQ(office.text(kBob, again.id, {1}), "letter");
  const MessageState s = state(kBob, again.id, {1});
  EXPECT_EQ(s.flags, Flags{Flag::flagged});
  EXPECT_TRUE(s.keywords.any());
}

TEST_P(Kept, IsChosenByTimeAndMailbox) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const MailboxId sent = office.find(kBob, "Sent").id;
  expunge(kBob, inbox, {office.append(kBob, inbox, "old").value});
  office.clock().advance(std::chrono::minutes(10));
  const Time then = office.clock().now();
  expunge(kBob, inbox, {office.append(kBob, inbox, "young").value});
  expunge(kBob, sent, {office.append(kBob, sent, "sent").value});
  EXPECT_EQ(list(kBob, {.since = then}).size(), 2u);
  EXPECT_EQ(list(kBob, {.since = then, .mailbox = "inbox"}).size(), 1u);
  // The name that it has now will do, too.
  ASSERT_TRUE(office.wait(office.mailboxes().rename(kBob, "Sent", "Posted", soon())));
  EXPECT_EQ(list(kBob, {.mailbox = "Posted"}).size(), 1u);
  EXPECT_EQ(undelete(kBob, kBob, {.mailbox = "Sent"}).letters, 1u);
  EXPECT_EQ(office.find(kBob, "Posted").messages, 1u);
  EXPECT_EQ(undelete(kBob, kBob, {.since = then}, "Found").letters, 1u);
  EXPECT_EQ(office.text(kBob, office.find(kBob, "Found").id, {1}), "young");
  EXPECT_EQ(list(kBob).size(), 1u);
}

TEST_P(Kept, FillsNoQuotaAndComesBackWithinIt) {
  ASSERT_TRUE(office.wait(office.mailboxes().set_quota(kBob, {.octets = 10}, soon())));
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  for (const char* text : {"123456", "abcdef"}) expunge(kBob, inbox, {office.append(kBob, inbox, text).value});
  const Undeleted first = undelete(kBob, kBob);
  EXPECT_EQ(first.letters, 1u);
  ASSERT_TRUE(first.next);
  Care c = care();
  const auto second = office.wait(c.undelete(kBob, kBob, {}, {}, *first.next, soon()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::over_quota);
  EXPECT_EQ(list(kBob).size(), 1u);
}

TEST_P(Kept, WhatMovesIsNotDeleted) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const Uid uid = office.append(kBob, inbox, "letter");
  ASSERT_TRUE(office.wait(office.mailboxes().move(kBob, inbox, {uid.value}, office.find(kBob, "Trash").id, soon())));
  EXPECT_TRUE(list(kBob).empty());
}

TEST_P(Kept, OfARemovedAccountGoesToAnother) {
  office.append(kBob, office.find(kBob, "INBOX").id, "in");
  office.append(kBob, office.find(kBob, "Sent").id, "out", {{Flag::seen}, {}});
  ASSERT_TRUE(office.wait(office.mailboxes().remove_account(kBob, soon())));
  EXPECT_EQ(list(kBob).size(), 2u);
  EXPECT_EQ(office.rows(kBob, Space::message), 0u);
  EXPECT_EQ(office.rows(kBob, Space::flag_page), 0u);
  EXPECT_EQ(undelete(kBob, kAnn).letters, 2u);
  EXPECT_EQ(office.text(kAnn, office.find(kAnn, "INBOX").id, {1}), "in");
  const MailboxId sent = office.find(kAnn, "Sent").id;
  EXPECT_EQ(office.text(kAnn, sent, {1}), "out");
  EXPECT_EQ(state(kAnn, sent, {1}).flags, Flags{Flag::seen});
  EXPECT_EQ(office.rows({}, Space::keeper), 0u);
  // Not back to itself.
  Care c = care();
  EXPECT_EQ(office.wait(c.undelete(kBob, kBob, {}, {}, {}, soon())).error().code(), Errc::not_found);
}

TEST_P(Kept, StaysUnderHold) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  expunge(kBob, inbox, {office.append(kBob, inbox, "evidence").value});
  hold(Hold::Of::account, kBob.value);
  office.clock().advance(10 * kKept);
  EXPECT_EQ(reap().letters, 0u);
  EXPECT_EQ(list(kBob).size(), 1u);
}

// A domain's hold is of its accounts, also of one that has been removed.
TEST_P(Kept, StaysUnderHoldOfTheDomain) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  expunge(kBob, inbox, {office.append(kBob, inbox, "evidence").value});
  ASSERT_TRUE(office.wait(office.commit().submit(
      [](store::Txn& txn) -> Result<void> {
        const RemovedAccount removed{
            .id = kBob, .domain = {3}, .address = TRY(AddressKey::parse("bob@example.org")), .when = {}};
        txn.put(rows::removed_key(kBob), rows::encode(removed));
        return {};
      },
      soon())));
  hold(Hold::Of::domain, 3);
  office.clock().advance(10 * kKept);
  EXPECT_EQ(reap().letters, 0u);
  EXPECT_EQ(office.bodies(), 1u);
}

class NotKept : public ::testing::Test {
 protected:
  Office office{std::make_unique<MemoryPlace>(), HistoryLimits{}};
};

TEST_F(NotKept, GoesAtOnce) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const Uid uid = office.append(kBob, inbox, "letter");
  ASSERT_TRUE(office.wait(office.mailboxes().expunge(kBob, inbox, {uid.value}, Expunge::all, soon())));
  EXPECT_EQ(office.bodies(), 0u);
  EXPECT_EQ(office.rows(kBob, Space::kept), 0u);
}

// Hold keeps what nothing else would.
TEST_F(NotKept, ButUnderHold) {
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const MailboxId box = office.wait(office.mailboxes().create(kBob, "Box", SpecialUse::none, soon())).value().id;
  const Uid uid = office.append(kBob, inbox, "letter");
  office.append(kBob, box, "other");
  const Hold row{.of = Hold::Of::account, .id = kBob.value, .object = "x", .since = {}, .who = "t", .reason = {}};
  ASSERT_TRUE(office.wait(office.commit().submit(
      [row](store::Txn& txn) -> Result<void> {
        txn.put(rows::hold_key(row.of, row.id), rows::encode(row));
        return {};
      },
      soon())));
  ASSERT_TRUE(office.wait(office.mailboxes().expunge(kBob, inbox, {uid.value}, Expunge::all, soon())));
  ASSERT_TRUE(office.wait(office.mailboxes().remove(kBob, "Box", soon())));
  EXPECT_EQ(office.bodies(), 2u);
  EXPECT_EQ(office.rows(kBob, Space::kept), 2u);
}

// A full disk: what is kept goes before its time, but for what is held.
TEST(KeptDisk, MakesRoomWhenTheDiskIsFull) {
  auto place = std::make_unique<MemoryPlace>();
  MemoryDisk& disk = place->disk;
  Office office(std::move(place), HistoryLimits{.deleted = kKept});
  const MailboxId inbox = office.find(kBob, "INBOX").id;
  const Uid uid = office.append(kBob, inbox, "letter");
  ASSERT_TRUE(office.wait(office.mailboxes().expunge(kBob, inbox, {uid.value}, Expunge::all, soon())));
  Care care(office.store(), office.commit(), office.mailboxes(), office.clock());
  EXPECT_EQ(office.wait(care.reap(soon())).value().letters, 0u);
  disk.set_full(true);
  const LetGo gone = office.wait(care.reap(soon())).value();
  EXPECT_EQ(gone.letters, 1u);
  EXPECT_EQ(gone.early, 1u);
  EXPECT_EQ(office.bodies(), 0u);
}

// A row of a store that was written before names were kept.
TEST(KeptDisk, AMailboxRemovedByAnOlderProgramGoesToInbox) {
  Office office(std::make_unique<MemoryPlace>(), HistoryLimits{.deleted = kKept});
  const MailboxId box = office.wait(office.mailboxes().create(kBob, "Box", SpecialUse::none, soon())).value().id;
  office.append(kBob, box, "letter");
  ASSERT_TRUE(office.wait(office.commit().submit(
      [box](store::Txn& txn) -> Result<void> {
        AccountTxn a = TRY(AccountTxn::open(txn, kBob, {1}, {}));
        TRY(a.remove("Box"));
        TRY(a.finish());
        txn.put(records::reap_key(kBob, box), Bytes("\x01"));
        return {};
      },
      soon())));
  ASSERT_TRUE(office.wait(office.mailboxes().reap(soon())));
  Care care(office.store(), office.commit(), office.mailboxes(), office.clock());
  EXPECT_EQ(office.wait(care.undelete(kBob, kBob, {}, {}, {}, soon())).value().letters, 1u);
  EXPECT_EQ(office.find(kBob, "INBOX").messages, 1u);
}

// Every body has as many references as rows name it, and every row a body.
void check_references(Office& office) {
  std::map<store::BodyId, std::uint32_t> named;
  std::size_t keepers = 0;
  for (const AccountId account : {kBob, kAnn}) {
    for (const store::Row& row :
         office.wait(store::scan_all(&office.store(), records::messages_of(account), soon())).value())
      ++named[records::decode_message(row.value.view(), {}).value().body.id];
    const auto kept = office.wait(store::scan_all(&office.store(), records::kept_range(account), soon())).value();
    for (const store::Row& row : kept) {
      const auto record = records::decode_kept(account, row).value().record;
      ++named[record.body.id];
      const auto octets = office.wait(office.mailboxes().read(record.body, 0, record.body.size, soon()));
      ASSERT_TRUE(octets);
      ASSERT_EQ(octets->size(), record.body.size);
    }
    if (!kept.empty()) ++keepers;
  }
  ASSERT_EQ(office.bodies(), named.size());
  ASSERT_EQ(office.rows({}, Space::keeper), keepers);
  for (const auto& [id, count] : named) {
    // Releasing all but one must leave it, and one more must not.
    const auto tried = office.wait(office.commit().submit<bool>(
        [id, count](store::Txn& txn) -> Result<bool> {
          if (count > 1) TRY(release_body(txn, id, count - 1));
          const bool there = TRY(store::Bodies::exists(txn, id));
          TRY(release_body(txn, id));
          const bool gone = !TRY(store::Bodies::exists(txn, id));
          if (there && gone) return fail(Errc::cancelled, "as it should be");  // and nothing is changed
          return false;
        },
        soon()));
    ASSERT_FALSE(tried);
    ASSERT_EQ(tried.error().code(), Errc::cancelled);
  }
}

// Random deleting, bringing back, removing and letting go, with the power cut at random writes: rows and references
// always add up, and nothing that can be brought back is lost before its time.
TEST(KeptCrash, RowsAndReferencesAlwaysAddUp) {
  for (std::uint64_t round = 0; round < 60; ++round) {
    SeededRandom random(round);
    auto place = std::make_unique<MemoryPlace>();
    MemoryDisk& disk = place->disk;
    Office office(std::move(place), HistoryLimits{.deleted = kKept});
    std::uint64_t letters = 0;  // that exist somewhere
    std::uint64_t doubtful = 0;
    const auto total = [&] {
      std::uint64_t n = 0;
      for (const AccountId account : {kBob, kAnn}) {
        n += office.wait(store::scan_all(&office.store(), records::messages_of(account), soon())).value().size();
        n += office.rows(account, Space::kept);
      }
      return n;
    };
    for (int life = 0; life < 3; ++life) {
      for (const AccountId a : {kBob, kAnn}) office.find(a, "INBOX");
      const std::uint64_t last = disk.writes() + 1 + random.below(40);
      const auto fate = random.below(2) ? MemoryDisk::Fate::lost : MemoryDisk::Fate::kept;
      disk.set_fate([=](std::uint64_t n) { return n == last ? fate : MemoryDisk::Fate::good; });
      while (!office.store().read_only()) {
        Care care(office.store(), office.commit(), office.mailboxes(), office.clock());
        const AccountId account = random.below(2) ? kBob : kAnn;
        const char* const names[] = {"INBOX", "Sent", "Box"};
        const char* const name = names[random.below(3)];
        auto found = office.wait(office.mailboxes().find(account, name, soon()));
        if (!found && found.error().code() == Errc::not_found) {
          (void)office.wait(office.mailboxes().create(account, name, SpecialUse::none, soon()));
          continue;
        }
        if (!found) break;
        office.clock().advance(std::chrono::seconds(1));
        switch (random.below(6)) {
          case 0:
          case 1: {
            std::vector<NewMessage> one(1);
            one[0].octets = ChunkList("letter");
            if (office.wait(office.mailboxes().append(account, found->id, std::move(one), soon())))
              ++letters;
            else
              ++doubtful;
            break;
          }
          case 2: {
            const auto uid = static_cast<std::uint32_t>(1 + random.below(found->uidnext));
            const auto copied = office.wait(office.mailboxes().copy(account, found->id, {uid}, found->id, soon()));
            if (copied)
              letters += copied->uids.size();
            else
              ++doubtful;
            break;
          }
          case 3:
            (void)office.wait(office.mailboxes().expunge(account, found->id, UidSet::all(), Expunge::all, soon()));
            break;
          case 4:
            (void)office.wait(office.mailboxes().remove(account, "Box", soon()));
            break;
          case 5:
            (void)office.wait(care.undelete(account, random.below(2) ? kBob : kAnn, {}, {}, {}, soon()));
            break;
        }
      }
      disk.cut_power();
      office.reopen();
      ASSERT_TRUE(office.wait(office.mailboxes().reap(soon())));
      const std::uint64_t there = total();
      ASSERT_GE(there, letters) << "round " << round;
      ASSERT_LE(there, letters + doubtful) << "round " << round;
      letters = there;
      doubtful = 0;
      ASSERT_NO_FATAL_FAILURE(check_references(office)) << "round " << round;
    }
    // In the end all of it goes.
    for (const AccountId account : {kBob, kAnn})
      ASSERT_TRUE(office.wait(office.mailboxes().remove_account(account, soon())));
    ASSERT_NO_FATAL_FAILURE(check_references(office));
    office.clock().advance(kKept);
    Care care(office.store(), office.commit(), office.mailboxes(), office.clock());
    ASSERT_EQ(office.wait(care.reap(soon())).value().letters, letters);
    ASSERT_EQ(office.bodies(), 0u);
  }
}

}  // namespace
}  // namespace chappe::post
