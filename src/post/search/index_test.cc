// From letters to postings: what is taken in, the portions, the merges, and what remains after removals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "post/search/testing.h"

namespace chappe::post::search {
namespace {

using store::testing::form_name;
using store::testing::kForms;
using testing::docs_of;
using ::testing::ElementsAre;
using testing::Indexed;
using ::testing::IsEmpty;
using testing::letter_of;
using testing::Office;
using testing::soon;

constexpr AccountId kAlice{7};

class Index : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Forms, Index, kForms, form_name);

TEST_P(Index, LettersAreFoundByTheirWords) {
  Office office(GetParam());
  Indexed index(office);
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  office.append(kAlice, inbox, letter_of("Réunion de lundi", "Les factures sont dans le dossier."));
  office.append(kAlice, inbox, letter_of("Lunch", "The invoices are in the folder"));
  index.catch_up(kAlice);
  const auto docs = [&](TermKind kind, const char* key) { return docs_of(office.store(), kAlice, kind, key); };
  EXPECT_THAT(docs(TermKind::word, "reunion"), ElementsAre(1));
  EXPECT_THAT(docs(TermKind::word, "dossier"), ElementsAre(1));
  EXPECT_THAT(docs(TermKind::word, "invoices"), ElementsAre(2));
  EXPECT_THAT(docs(TermKind::stem, "invoic"), ElementsAre(2));
  EXPECT_THAT(docs(TermKind::stem, "factur"), ElementsAre(1));
  EXPECT_THAT(docs(TermKind::word, "alice"), ElementsAre(1, 2));
  EXPECT_THAT(docs(TermKind::header, "utf"), ElementsAre(1, 2));
  EXPECT_THAT(docs(TermKind::header, "alice"), IsEmpty());
  EXPECT_THAT(docs(TermKind::word, "nosuch"), IsEmpty());
  const Progress p = index.progress(kAlice);
  EXPECT_EQ(p.indexed, 2u);
  EXPECT_EQ(p.pending, 0u);
  EXPECT_FALSE(p.scanning);
}

TEST_P(Index, WhatIsUnderWayIsGivenUpWhenEverythingEnds) {
  Office office(GetParam());
  office.append(kAlice, office.find(kAlice, "INBOX").id, letter_of("one", "apple"));
  {
    Indexed index(office);
    index.indexer->stop();
    EXPECT_EQ(office.wait(index.indexer->catch_up(kAlice)).error().code(), Errc::cancelled);
    EXPECT_EQ(index.progress(kAlice).indexed, 0u);
  }
  Indexed next(office);
  next.catch_up(kAlice);
  EXPECT_EQ(next.progress(kAlice).indexed, 1u);
}

TEST_P(Index, FollowsWhatHappens) {
  Office office(GetParam());
  Indexed index(office);
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  const MailboxId archive = office.find(kAlice, "Archive").id;
  index.catch_up(kAlice);
  const Uid first = office.append(kAlice, inbox, letter_of("one", "apple"));
  const Uid second = office.append(kAlice, inbox, letter_of("two", "apple"));
  EXPECT_EQ(index.progress(kAlice).pending, 2u);
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).pending, 0u);
  EXPECT_EQ(index.progress(kAlice).letters, 2u);

  // A copy is no other letter; one that moves is never gone.
  office.wait(office.mailboxes().copy(kAlice, inbox, {first.value}, archive, soon())).value();
  office.wait(office.mailboxes().move(kAlice, inbox, {second.value}, archive, soon())).value();
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).letters, 2u);
  EXPECT_EQ(index.progress(kAlice).indexed, 3u);
  EXPECT_EQ(index.indexer->counts().letters, 2u);

  office.wait(office.mailboxes().expunge(kAlice, inbox, UidSet::all(), Expunge::all, soon())).value();
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).letters, 2u);
  office.wait(office.mailboxes().remove(kAlice, "Archive", soon())).value();
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).letters, 0u);
  EXPECT_EQ(index.progress(kAlice).indexed, 0u);
  // Nothing is left of them, postings included.
  for (const auto space : {store::Space::search_document, store::Space::search_body, store::Space::search_place,
                           store::Space::search_term, store::Space::search_posting, store::Space::search_word})
    EXPECT_EQ(office.rows(kAlice, space), 0u) << static_cast<int>(space);
}

TEST_P(Index, RemovedAccountsLeaveNothing) {
  Office office(GetParam());
  Indexed index(office);
  office.append(kAlice, office.find(kAlice, "INBOX").id, letter_of("one", "apple"));
  index.catch_up(kAlice);
  office.wait(office.mailboxes().remove_account(kAlice, soon())).value();
  index.catch_up(kAlice);
  for (int space = 0x28; space <= 0x2f; ++space)
    EXPECT_EQ(office.rows(kAlice, static_cast<store::Space>(space)), 0u) << space;
}

TEST_P(Index, ManyAreMergedAndTheDeadGo) {
  Office office(GetParam());
  IndexerOptions options;
  options.portion.letters = 3;
  Indexed index(office, options);
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  std::vector<DocId> even;
  for (std::uint32_t i = 1; i <= 200; ++i) {
    office.append(kAlice, inbox, letter_of("n" + std::to_string(i), i % 2 ? "odd common" : "even common"));
    if (i % 2 == 0) even.push_back(i);
  }
  index.catch_up(kAlice);
  EXPECT_GT(index.indexer->counts().merges, 0u);
  EXPECT_LE(index.progress(kAlice).segments, 2 * kFanOut);
  EXPECT_EQ(docs_of(office.store(), kAlice, TermKind::word, "even"), even);
  EXPECT_EQ(docs_of(office.store(), kAlice, TermKind::word, "common").size(), 200u);
  for (std::uint32_t i = 1; i <= 200; ++i)
    ASSERT_THAT(docs_of(office.store(), kAlice, TermKind::word, "n" + std::to_string(i)), ElementsAre(i));

  // Without those that are even.
  UidSet gone;
  for (const DocId d : even) gone.add(d, d);
  office.wait(office.mailboxes().expunge(kAlice, inbox, gone, Expunge::all, soon())).value();
  for (std::uint32_t i = 201; i <= 600; ++i) office.append(kAlice, inbox, letter_of("n" + std::to_string(i), "later"));
  index.catch_up(kAlice);
  EXPECT_THAT(docs_of(office.store(), kAlice, TermKind::word, "even"), IsEmpty());
  EXPECT_EQ(docs_of(office.store(), kAlice, TermKind::word, "odd").size(), 100u);
  EXPECT_EQ(docs_of(office.store(), kAlice, TermKind::word, "later").size(), 400u);
}

TEST(IndexKept, ReadAnewWhenTheFeedForgot) {
  Office office(store::testing::make_place("memory"), {.changes = 300});
  Indexed index(office);
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  for (int i = 0; i < 5; ++i) office.append(kAlice, inbox, letter_of("early", "early"));
  index.catch_up(kAlice);
  office.wait(office.mailboxes().expunge(kAlice, inbox, {1, 2}, Expunge::all, soon())).value();
  for (int i = 0; i < 1000; ++i) office.append(kAlice, inbox, letter_of("late", "late"));
  ASSERT_TRUE(office.wait(office.mailboxes().feed(kAlice, {6}, 1, soon())).value().resync);
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).letters, 1003u);
  EXPECT_EQ(index.progress(kAlice).pending, 0u);
  EXPECT_EQ(index.indexer->counts().letters, 1005u);
}

TEST_P(Index, ALetterInVeryManyMailboxesBecomesSeveral) {
  Office office(GetParam());
  Indexed index(office);
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  office.append(kAlice, inbox, letter_of("one", "apple"));
  for (int i = 0; i < 11; ++i)
    office.wait(office.mailboxes().copy(kAlice, inbox, UidSet::all(), inbox, soon())).value();
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).indexed, 2048u);
  EXPECT_EQ(index.progress(kAlice).letters, 3u);
  office.wait(office.mailboxes().expunge(kAlice, inbox, UidSet::all(), Expunge::all, soon())).value();
  index.catch_up(kAlice);
  EXPECT_EQ(index.progress(kAlice).letters, 0u);
  EXPECT_EQ(office.rows(kAlice, store::Space::search_body), 0u);
}

TEST_P(Index, ANewWayToSeeWordsBeginsAnew) {
  Office office(GetParam());
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  office.append(kAlice, inbox, letter_of("one", "apple"));
  {
    Indexed index(office);
    index.catch_up(kAlice);
  }
  office
      .wait(office.commit().submit(
          [](store::Txn& txn) -> Result<void> {
            const auto row = TRY(txn.get(state_key(kAlice)));
            State s = TRY(decode_state(row->view()));
            s.words_version = kWordsVersion + 1;
            txn.put(state_key(kAlice), encode(s));
            return {};
          },
          soon()))
      .value();
  Indexed index(office);
  index.catch_up(kAlice);
  EXPECT_EQ(index.indexer->counts().letters, 1u);
  EXPECT_THAT(docs_of(office.store(), kAlice, TermKind::word, "apple"), ElementsAre(1));
}

// A letter that cannot be read holds nothing up, and is never ruled out.
TEST(IndexKept, DamagedLettersHaveNoWords) {
  Office office("memory");
  IndexerOptions options;
  options.portion.letters = 2;
  Indexed index(office, options);
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  for (int i = 0; i < 5; ++i) office.append(kAlice, inbox, letter_of("one", "apple"));
  const auto bodies =
      office
          .wait(store::scan_all(&office.store(),
                                store::KeyWriter(store::kSystemAccount, store::Space::body_piece).range(), soon()))
          .value();
  office
      .wait(office.commit().submit(
          [&bodies](store::Txn& txn) -> Result<void> {
            for (std::size_t i = 0; i < 4; ++i) txn.remove(bodies.at(i).key);
            return {};
          },
          soon()))
      .value();
  index.catch_up(kAlice);
  EXPECT_EQ(index.indexer->counts().left_out, 4u);
  EXPECT_EQ(index.progress(kAlice).pending, 0u);
  EXPECT_THAT(docs_of(office.store(), kAlice, TermKind::word, "apple"), ElementsAre(5));
  EXPECT_THAT(docs_of(office.store(), kAlice, TermKind::mark, std::string(kMarkPart)), ElementsAre(1, 2, 3, 4));
}

net::Task<bool> caught_up(Office* office, Indexer* indexer, AccountId account) {
  for (int i = 0; i < 1000; ++i) {
    const auto p = co_await indexer->progress(account, soon());
    if (p && p->pending == 0 && !p->scanning) co_return true;
    co_await net::sleep({office->executor().clock().steady() + std::chrono::milliseconds(5)});
  }
  co_return false;
}

net::Task<void> keeps_up(Office* office, Indexer* indexer, MailboxId bobs) {
  net::Cancel cancel;
  net::Scope scope;
  scope.spawn(Indexer::keep(indexer, &cancel));
  // What was there before it began.
  EXPECT_TRUE(co_await caught_up(office, indexer, kAlice));
  // What comes while it runs.
  for (int i = 0; i < 3; ++i) {
    std::vector<NewMessage> one(1);
    one[0].octets = ChunkList(letter_of("two", "pear"));
    EXPECT_TRUE(co_await office->mailboxes().append({9}, bobs, std::move(one), soon()));
    EXPECT_TRUE(co_await caught_up(office, indexer, {9}));
  }
  cancel.cancel();
  co_await scope.join();
}

TEST(IndexKept, IsKeptUpToDate) {
  Office office("memory");
  IndexerOptions options;
  options.linger = std::chrono::milliseconds(1);
  Indexed index(office, options);
  Indexer* const indexer = index.indexer.get();
  office.append(kAlice, office.find(kAlice, "INBOX").id, letter_of("one", "apple"));
  const MailboxId bobs = office.find({9}, "INBOX").id;
  office.mailboxes().follow([indexer](AccountId account) { indexer->hint(account); });
  office.wait(keeps_up(&office, indexer, bobs));
  office.mailboxes().follow({});
  EXPECT_EQ(indexer->counts().letters, 4u);
  EXPECT_EQ(indexer->counts().failures, 0u);
}

TEST(IndexKept, ADamagedOneIsMadeAnew) {
  Office office("memory");
  const MailboxId inbox = office.find(kAlice, "INBOX").id;
  office.append(kAlice, inbox, letter_of("one", "apple"));
  IndexerOptions options;
  options.linger = std::chrono::milliseconds(1);
  Indexed index(office, options);
  index.catch_up(kAlice);
  office.append(kAlice, inbox, letter_of("two", "pear"));
  office
      .wait(office.commit().submit(
          [](store::Txn& txn) -> Result<void> {
            txn.put(state_key(kAlice), "\x01 nonsense");
            return {};
          },
          soon()))
      .value();
  Indexer* const indexer = index.indexer.get();
  const MailboxId bobs = office.find({9}, "INBOX").id;
  office.mailboxes().follow([indexer](AccountId account) { indexer->hint(account); });
  office.wait(keeps_up(&office, indexer, bobs));
  office.mailboxes().follow({});
  EXPECT_EQ(indexer->counts().failures, 1u);
  EXPECT_THAT(docs_of(office.store(), kAlice, TermKind::word, "pear"), ElementsAre(2));
}

}  // namespace
}  // namespace chappe::post::search
