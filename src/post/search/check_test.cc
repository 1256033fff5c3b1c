// A sound index has no faults, whatever happened to its account; one with a row changed or gone has some.
#include "post/search/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/text.h"
#include "post/mailbox/records.h"
#include "post/search/testing.h"

namespace chappe::post::search {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using testing::letter_of;
using testing::Office;
using testing::soon;

constexpr AccountId kAlice{7};

class IndexChecks : public ::testing::TestWithParam<std::string> {
 protected:
  // Small portions, so that there are segments to merge.
  Office office{GetParam()};
  testing::Indexed index{office, {.portion = {.letters = 3}, .linger = {}}};
  MailboxId inbox = office.find(kAlice, "INBOX").id;
  MailboxId archive = office.find(kAlice, "Archive").id;

  std::vector<std::string> faults() {
    std::vector<std::string> out;
    IndexCheck check(office.store().blocking(), kAlice, [&](const IndexFinding& f) {
      out.push_back(std::string(index_fault_name(f.fault)) + ": " + f.what + ": " + f.detail);
    });
    const auto done = check.run();
    EXPECT_TRUE(done) << done.error().describe();
    EXPECT_EQ(out.size(), std::min<std::size_t>(check.faults(), IndexCheck::kMostTold));
    EXPECT_GT(check.rows(), 0u);
    return out;
  }
  std::set<std::string> kinds() {
    std::set<std::string> out;
    for (const std::string& f : faults()) out.insert(f.substr(0, f.find(':')));
    return out;
  }
  void change(store::Change change) { office.wait(office.commit().submit(std::move(change), soon())).value(); }
  std::vector<store::Row> rows(const store::Range& range) {
    return office.wait(store::scan_all(office.store().snapshot(), range, soon())).value();
  }
  void put(const Bytes& key, const Bytes& value) {
    change([=](store::Txn& txn) -> Result<void> {
      txn.put(key, value);
      return {};
    });
  }
  void remove(const Bytes& key) {
    change([=](store::Txn& txn) -> Result<void> {
      txn.remove(key);
      return {};
    });
  }
  void fill(int letters) {
    for (int i = 0; i < letters; ++i)
      office.append(kAlice, inbox, letter_of("number " + std::to_string(i), "hay hay needle" + std::to_string(i % 5)));
  }
};
INSTANTIATE_TEST_SUITE_P(Forms, IndexChecks, store::testing::kForms, store::testing::form_name);

TEST_P(IndexChecks, ASoundIndexHasNoFaults) {
  EXPECT_THAT(faults(), IsEmpty());  // none at all
  std::mt19937 random(4);
  for (int round = 0; round < 12; ++round) {
    fill(static_cast<int>(random() % 9));
    if (round % 3 == 1)
      office.wait(office.mailboxes().copy(kAlice, inbox, UidSet::range(1, 5), archive, soon())).value();
    if (round % 4 == 2)
      office.wait(office.mailboxes().move(kAlice, inbox, UidSet::range(6, 9), archive, soon())).value();
    if (round % 5 == 3) {
      const auto gone = UidSet::range(random() % 40 + 1, random() % 40 + 20);
      office.wait(office.mailboxes().expunge(kAlice, inbox, gone, Expunge::all, soon())).value();
    }
    EXPECT_THAT(faults(), IsEmpty()) << "behind, in round " << round;
    if (round % 2) index.catch_up(kAlice);
    EXPECT_THAT(faults(), IsEmpty()) << "in round " << round;
  }
  office.wait(office.mailboxes().remove(kAlice, "Archive", soon())).value();
  EXPECT_THAT(faults(), IsEmpty());
  index.catch_up(kAlice);
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_P(IndexChecks, IsSoundAfterEveryPortion) {
  fill(20);
  PortionMaker maker(office.store().blocking(), {.letters = 3});
  for (;;) {
    Portion p = maker.next(kAlice, 0).value();
    if (p.idle) break;
    change(change_of(kAlice, p.before, std::move(p.batch)));
    EXPECT_THAT(faults(), IsEmpty());
  }
}

TEST_P(IndexChecks, NoRowGoesUnnoticed) {
  fill(30);
  office.wait(office.mailboxes().copy(kAlice, inbox, UidSet::range(1, 3), archive, soon())).value();
  index.catch_up(kAlice);
  EXPECT_THAT(faults(), IsEmpty());
  std::size_t looked = 0;
  for (const store::Range& range : all_of(kAlice))
    for (const store::Row& row : rows(range)) {
      const Bytes value(row.value.view());
      remove(row.key);
      EXPECT_THAT(faults(), ::testing::Not(IsEmpty())) << printable(row.key, 50);
      if (!value.empty()) {
        Bytes cut = value;
        cut.pop_back();
        put(row.key, cut);
        EXPECT_THAT(faults(), ::testing::Not(IsEmpty())) << printable(row.key, 50);
      }
      put(row.key, value);
      ++looked;
    }
  EXPECT_GT(looked, 30u);
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_P(IndexChecks, AFlippedBitEndsInFindings) {
  fill(12);
  index.catch_up(kAlice);
  std::mt19937 random(1);
  std::size_t flips = 0, found = 0;
  for (const store::Range& range : all_of(kAlice))
    for (const store::Row& row : rows(range)) {
      const Bytes value(row.value.view());
      for (int i = 0; i < 10 && !value.empty(); ++i) {
        Bytes bad = value;
        bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
        put(row.key, bad);
        ++flips;
        found += !faults().empty();
      }
      put(row.key, value);
    }
  // Some say the same in another way, or something that no other row knows: a count, the letters of a word.
  EXPECT_GT(found * 10, flips * 7) << found << " of " << flips;
  EXPECT_THAT(faults(), IsEmpty());
}

TEST_P(IndexChecks, SaysWhatIsWrong) {
  fill(10);
  index.catch_up(kAlice);
  const auto state = [&] { return decode_state(rows(all_of(kAlice)[0]).front().value.view()).value(); };
  // A message that the index never heard of, and a place of one that was never there.
  const State sound = state();
  const store::Row page = rows(place_range(kAlice)).front();
  PlacePage places = decode_places(page.value.view(), 0).value();
  const auto last = places.rows.back();
  places.rows.back().first.value += 100;
  put(page.key, encode(places, 0));
  EXPECT_THAT(kinds(), Contains("gone"));
  EXPECT_THAT(kinds(), Contains("overlooked"));
  places.rows.back() = {last.first, sound.next_doc + 5};
  put(page.key, encode(places, 0));
  EXPECT_THAT(kinds(), Contains("unknown_letter"));
  put(page.key, Bytes(page.value.view()));
  EXPECT_THAT(kinds(), IsEmpty());

  // Rows of a segment that nobody names; of the one that is being merged they are no fault.
  put(stream_key(kAlice, store::Space::search_word, sound.next_segment, 0), "x");
  EXPECT_THAT(faults(),
              Contains("astray: segment " + std::to_string(sound.next_segment) + ": rows of a segment that is none"));
  State merging = sound;
  merging.merging = merging.next_segment++;
  put(state_key(kAlice), encode(merging));
  EXPECT_THAT(kinds(), IsEmpty());
  put(state_key(kAlice), encode(sound));
  remove(stream_key(kAlice, store::Space::search_word, sound.next_segment, 0));

  // A letter that is gone, and whose postings should be.
  const store::Row lengths = rows(length_range(kAlice)).front();
  LengthPage codes = decode_lengths(lengths.value.view()).value();
  codes[2] = 0;
  put(lengths.key, encode(codes));
  EXPECT_THAT(kinds(), Contains("unknown_letter"));
  put(lengths.key, Bytes(lengths.value.view()));

  remove(state_key(kAlice));
  EXPECT_THAT(kinds(), Contains("astray"));
  put(state_key(kAlice), "\x01nonsense");
  EXPECT_THAT(kinds(), Contains("bad_row"));
}

TEST_P(IndexChecks, ThrownAwayItIsMadeAnew) {
  fill(10);
  index.catch_up(kAlice);
  remove(rows(all_of(kAlice)[1]).front().key);
  EXPECT_THAT(faults(), ::testing::Not(IsEmpty()));
  change(drop_of(kAlice));
  EXPECT_THAT(faults(), IsEmpty());
  for (const store::Range& range : all_of(kAlice)) EXPECT_THAT(rows(range), IsEmpty());
  index.catch_up(kAlice);
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(index.progress(kAlice).letters, 10u);
}

TEST_P(IndexChecks, FindingsHaveAnEnd) {
  fill(1100);
  testing::Indexed fast(office);
  fast.catch_up(kAlice);
  State state = decode_state(rows(all_of(kAlice)[0]).front().value.view()).value();
  for (const store::Row& row : rows(all_of(kAlice)[1])) remove(row.key);
  EXPECT_EQ(faults().size(), IndexCheck::kMostTold);
}

}  // namespace
}  // namespace chappe::post::search
