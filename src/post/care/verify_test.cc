#include "post/care/repair.h"

#include <gmock/gmock.h>

#include "post/mailbox/office_for_test.h"
#include "post/mailbox/records.h"
#include "post/search/testing.h"
#include "store/body_rows.h"

namespace chappe::post {
namespace {

using testing::form_name;
using ::testing::IsEmpty;
using testing::kForms;
using testing::Office;
using testing::soon;
using ::testing::UnorderedElementsAre;

constexpr AccountId kBob{7};

class VerifyTest : public ::testing::TestWithParam<std::string> {
 protected:
  VerifyTest() {
    append("INBOX", "Subject: one\r\n\r\nsmall\r\n", {});
    append("INBOX", "Subject: two\r\n\r\n" + Bytes(700'000, 'x'), {.system = {Flag::seen}, .keywords = {"work"}});
    append("Archive", "Subject: three\r\n\r\n" + Bytes(30'000, 'y'), {.system = {Flag::deleted}, .keywords = {}});
    const auto archive = office_.wait(office_.mailboxes().find(kBob, "Archive", soon())).value().id;
    const auto inbox = office_.wait(office_.mailboxes().find(kBob, "INBOX", soon())).value().id;
    EXPECT_TRUE(office_.wait(office_.mailboxes().copy(kBob, inbox, UidSet::all(), archive, soon())));
    send_away();
  }
  // A letter for somebody elsewhere: it waits in the queue.
  void send_away() {
    Letter l;
    l.id = office_.ids().next();
    l.recipients = {{.address = "a@elsewhere.test",
                     .destination = {.kind = Destination::Kind::remote, .account = {}, .mailbox = {}},
                     .notify = 0,
                     .orcpt = {}}};
    l.octets = ChunkList("Subject: q\r\n\r\nq\r\n");
    l.arrived = office_.clock().now();
    EXPECT_TRUE(office_.wait(office_.deliver().take(std::move(l), soon())));
  }
  void append(const std::string& mailbox, const Bytes& octets, FlagList flags) {
    const auto id = office_.wait(office_.mailboxes().find(kBob, mailbox, soon())).value().id;
    std::vector<NewMessage> one;
    one.push_back({.octets = ChunkList(octets), .draft = {}, .flags = std::move(flags), .internal_date = {}});
    ASSERT_TRUE(office_.wait(office_.mailboxes().append(kBob, id, std::move(one), soon())));
  }
  std::vector<std::string> faults() {
    std::vector<std::string> out;
    Verify verify(office_.store(), {}, [&](const Finding& f) {
      out.emplace_back(fault_row(f.fault).id);
      EXPECT_FALSE(f.what.empty());
    });
    counts_ = office_.wait(verify.run(soon())).value();
    EXPECT_EQ(counts_.faults, out.size());
    std::ranges::sort(out);
    return out;
  }
  // Changes the store behind everybody's back.
  void change(std::function<void(store::Txn&)> what) {
    ASSERT_TRUE(
        office_.wait(office_.commit().submit(store::Change([what = std::move(what)](store::Txn& txn) -> Result<void> {
                                               what(txn);
                                               return {};
                                             }),
                                             soon())));
  }
  std::vector<store::Row> rows(AccountId account, store::Space space) {
    return office_.wait(store::scan_all(&office_.store(), store::KeyWriter(account.value, space).range(), soon()))
        .value();
  }
  void remove(const Bytes& key) {
    change([key](store::Txn& txn) { txn.remove(key); });
  }

  Office office_{GetParam()};
  VerifyCounts counts_;
};

TEST_P(VerifyTest, AWellStoreHasNoFaults) {
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(counts_.messages, 5u);
  EXPECT_EQ(counts_.letters, 4u);
  EXPECT_EQ(counts_.all_letters, 4u);
  EXPECT_GT(counts_.octets, 730'000u);
}

TEST_P(VerifyTest, OnlyWhatCameSinceIsReadWhenAsked) {
  office_.clock().advance(std::chrono::hours(1));
  const Time then = office_.clock().now();
  append("INBOX", "Subject: new\r\n\r\nnew\r\n", {});
  Verify verify(office_.store(), {.since = then}, [](const Finding& f) { ADD_FAILURE() << f.what; });
  const VerifyCounts counts = office_.wait(verify.run(soon())).value();
  EXPECT_EQ(counts.letters, 1u);
  EXPECT_EQ(counts.all_letters, 5u);
  EXPECT_EQ(counts.messages, 6u);
}

TEST_P(VerifyTest, WhatIsMissingIsFound) {
  const auto system = AccountId{};
  // Each row that a fault can be seen by: what is said when it is gone.
  remove(rows(system, store::Space::body_piece).front().key);
  EXPECT_THAT(faults(), UnorderedElementsAre("octets-missing", "octets-missing")) << "counted, and read";
}

TEST_P(VerifyTest, EachKindOfRow) {
  struct Case {
    AccountId account;
    store::Space space;
    std::vector<std::string> said;
  };
  const Case cases[] = {
      {{}, store::Space::body, {"body-missing", "body-missing", "octets-astray", "summary-astray"}},
      {{}, store::Space::body_extents, {"octets-missing", "octets-missing", "segment-counts"}},
      {{}, store::Space::segment, {"segment-counts"}},
      {{}, store::Space::queue, {"body-orphan", "due-astray"}},
      {{}, store::Space::queue_due, {"due-missing"}},
      {kBob, store::Space::mailbox_name, {"name-lost"}},
      {kBob, store::Space::message, {"account-counts", "body-references", "mailbox-counts", "record-missing"}},
      {kBob, store::Space::flag_page, {"account-counts", "flags-missing", "flags-missing", "mailbox-counts"}},
  };
  for (const Case& c : cases) {
    const auto all = rows(c.account, c.space);
    ASSERT_FALSE(all.empty());
    remove(all.front().key);
    EXPECT_EQ(faults(), c.said) << "space " << static_cast<int>(c.space);
    change([row = all.front()](store::Txn& txn) { txn.put(row.key, Bytes(row.value.view())); });
    // And when it is nonsense; a time in the queue has no value.
    if (c.space == store::Space::queue_due) continue;
    change([key = all.front().key](store::Txn& txn) { txn.put(key, Bytes("\xff nonsense")); });
    EXPECT_THAT(faults(), ::testing::Contains("bad-row")) << "space " << static_cast<int>(c.space);
    change([row = all.front()](store::Txn& txn) { txn.put(row.key, Bytes(row.value.view())); });
    EXPECT_THAT(faults(), IsEmpty());
  }
}

// One row after another is lost or turned into nonsense, and mended; what is well stays.
TEST_P(VerifyTest, AllOfItIsMended) {
  const std::pair<AccountId, store::Space> kinds[] = {
      {{}, store::Space::segment},      {{}, store::Space::queue_due},  {kBob, store::Space::mailbox_name},
      {kBob, store::Space::flag_page},  {kBob, store::Space::mailbox},  {kBob, store::Space::account},
      {kBob, store::Space::change},     {kBob, store::Space::keywords}, {kBob, store::Space::message},
      {{}, store::Space::body_extents}, {{}, store::Space::body_piece}, {{}, store::Space::queue},
      {{}, store::Space::body},
  };
  for (const bool nonsense : {false, true}) {
    for (const auto& [account, space] : kinds) {
      const auto all = rows(account, space);
      if (all.empty() || (nonsense && space == store::Space::queue_due)) continue;
      SCOPED_TRACE("space " + std::to_string(static_cast<int>(space)) + (nonsense ? " nonsense" : " lost"));
      if (nonsense)
        change([key = all.front().key](store::Txn& txn) { txn.put(key, Bytes("\xff nonsense")); });
      else
        remove(all.front().key);
      std::size_t found = 0, aside = 0;
      Repair repair(office_.store(), office_.commit(), office_.clock(), [&](const std::string& name, ByteView) {
        EXPECT_FALSE(name.empty());
        ++aside;
        return Result<void>();
      });
      const auto done = office_.wait(repair.run([&](const Finding&) { ++found; }, soon()));
      ASSERT_TRUE(done) << done.error().describe();
      EXPECT_EQ(done->faults, found);
      EXPECT_EQ(done->aside, aside);
      EXPECT_EQ(done->left, 0u);
      EXPECT_THAT(faults(), IsEmpty());
      // It is a mailbox that works.
      append("INBOX", "Subject: again\r\n\r\n" + Bytes(20'000, 'z'),
             {.system = {Flag::flagged}, .keywords = {"again"}});
      send_away();
      EXPECT_THAT(faults(), IsEmpty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, VerifyTest, kForms, form_name);

// A summary that tells something else than its letter, and threads that lead nowhere, are made anew.
TEST_P(VerifyTest, WhatIsToldOfALetterIsWhatItSays) {
  append("INBOX", "Message-ID: <a@x>\r\nSubject: four\r\n\r\nfour\r\n", {});
  const auto summaries = rows({}, store::Space::body_summary);
  const auto threads = rows(kBob, store::Space::thread);
  ASSERT_EQ(summaries.size(), 4u) << "the letter in the queue has none";
  ASSERT_EQ(threads.size(), 1u);
  const auto mend = [&] {
    Repair repair(office_.store(), office_.commit(), office_.clock(),
                  [](const std::string&, ByteView) { return Result<void>(); });
    const auto done = office_.wait(repair.run({}, soon()));
    ASSERT_TRUE(done) << done.error().describe();
    EXPECT_EQ(done->left, 0u);
  };
  // Of another letter: it reads back, and is of another size; or of the same size, and says something else.
  change([&](store::Txn& txn) { txn.put(summaries[0].key, Bytes(summaries[1].value.view())); });
  EXPECT_EQ(faults(), std::vector<std::string>{"summary-wrong"});
  mend();
  Bytes other(summaries[0].value.view());
  const std::size_t at = other.find("one");
  ASSERT_NE(at, other.npos);
  other.replace(at, 3, "two");
  Bytes older = other;
  older.front() = 1;
  change([&](store::Txn& txn) { txn.put(summaries[0].key, older); });
  EXPECT_THAT(faults(), IsEmpty()) << "an older version told it in other words";
  change([&](store::Txn& txn) {
    txn.put(summaries[0].key, other);
    txn.put(summaries[1].key, Bytes("\xff"));
    Bytes astray = summaries[2].key;
    astray.back() = static_cast<char>(astray.back() ^ 1);
    txn.put(astray, Bytes(summaries[2].value.view()));
    txn.put(threads[0].key, Bytes("nonsense"));
  });
  EXPECT_EQ(faults(), (std::vector<std::string>{"bad-row", "summary-astray", "summary-wrong", "summary-wrong"}));
  mend();
  EXPECT_THAT(faults(), IsEmpty());
  const auto same = [](const std::vector<store::Row>& a, const std::vector<store::Row>& b) {
    return std::ranges::equal(
        a, b, [](const auto& x, const auto& y) { return x.key == y.key && x.value.view() == y.value.view(); });
  };
  EXPECT_TRUE(same(rows({}, store::Space::body_summary), summaries));
  EXPECT_TRUE(same(rows(kBob, store::Space::thread), threads));
}

// Given up between any two steps, it leaves what verify understands and a second repair mends.
TEST_P(VerifyTest, AWrongIndexIsFoundAndMadeAnew) {
  search::testing::Indexed indexed(office_);
  indexed.catch_up(kBob);
  EXPECT_THAT(faults(), IsEmpty());
  remove(rows(kBob, store::Space::search_document).front().key);
  EXPECT_THAT(faults(), ::testing::Contains("index-wrong"));
  Repair repair(office_.store(), office_.commit(), office_.clock(),
                [](const std::string&, ByteView) { return Result<void>(); });
  EXPECT_EQ(office_.wait(repair.run({}, soon())).value().left, 0u);
  EXPECT_THAT(rows(kBob, store::Space::search_state), IsEmpty()) << "the indexer begins anew";
  indexed.catch_up(kBob);
  EXPECT_EQ(indexed.progress(kBob).pending, 0u);
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_P(VerifyTest, ARepairThatIsGivenUpIsFinishedByAnother) {
  append("INBOX", "Message-ID: <a@x>\r\nSubject: four\r\n\r\nfour\r\n", {});
  const auto break_it = [&] {
    const auto message = rows(kBob, store::Space::message).front().key;
    const auto piece = rows({}, store::Space::body_piece).front().key;
    const auto thread = rows(kBob, store::Space::thread);
    const auto summary = rows({}, store::Space::body_summary).back().key;
    change([&](store::Txn& txn) {
      txn.remove(message);
      txn.remove(piece);
      if (!thread.empty()) txn.put(thread.front().key, Bytes("\xff"));
      txn.put(summary, Bytes("\xff"));
    });
  };
  const auto mend = [&](int steps) {
    Repair repair(
        office_.store(), office_.commit(), office_.clock(), [](const std::string&, ByteView) { return Result<void>(); },
        [&] { return steps-- > 0; });
    return office_.wait(repair.run({}, soon()));
  };
  int given_up = 0;
  for (int steps = 0;; ++steps) {
    append("INBOX", "Message-ID: <b@x>\r\nSubject: five\r\n\r\n" + Bytes(20'000, 'z'), {});
    append("INBOX", "Message-ID: <c@x>\r\nSubject: six\r\n\r\nsix\r\n", {});
    break_it();
    const auto done = mend(steps);
    if (done) break;
    EXPECT_EQ(done.error().code(), Errc::cancelled);
    ++given_up;
    (void)faults();
    const auto second = mend(1000);
    ASSERT_TRUE(second) << second.error().describe();
    EXPECT_EQ(second->left, 0u) << steps;
    EXPECT_THAT(faults(), IsEmpty()) << steps;
  }
  EXPECT_GT(given_up, 5);
}

// Each octet of a letter on the disk counts.
TEST(VerifyDamage, EveryFlippedOctetOfALetterIsFound) {
  auto place = std::make_unique<store::testing::FaultPlace>();
  store::FaultFiles& files = place->files;
  Office office(std::move(place));
  const auto inbox = office.wait(office.mailboxes().find(kBob, "INBOX", soon())).value().id;
  std::vector<NewMessage> one;
  one.push_back({.octets = ChunkList("Subject: x\r\n\r\n" + SeededRandom(1).bytes(40'000)),
                 .draft = {},
                 .flags = {},
                 .internal_date = {}});
  ASSERT_TRUE(office.wait(office.mailboxes().append(kBob, inbox, std::move(one), soon())));
  const auto row =
      office
          .wait(store::scan_all(&office.store(),
                                store::KeyWriter(store::kSystemAccount, store::Space::body_extents).range(), soon()))
          .value()
          .front();
  const store::Extent extent = store::decode_body_extents(row.value.view()).value().extents.front();
  const std::string path = fmt::format("/store/log/{:08}.seg", extent.at.segment);
  SeededRandom random(2);
  for (int n = 0; n < 50; ++n) {
    const std::uint64_t at = extent.at.offset + 64 + random.below(extent.size);
    const char before = files.contents(path)[at];
    const char after = static_cast<char>(before ^ (1 << random.below(8)));
    files.overwrite(path, at, {&after, 1});
    std::vector<Fault> found;
    Verify verify(office.store(), {}, [&](const Finding& f) { found.push_back(f.fault); });
    ASSERT_TRUE(office.wait(verify.run(soon())));
    EXPECT_EQ(found, std::vector{Fault::octets_damaged});
    files.overwrite(path, at, {&before, 1});
  }
}

}  // namespace
}  // namespace chappe::post
