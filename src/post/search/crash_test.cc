// The power goes at any write of the indexer. When the store is opened again, the index has caught up with the account
// as if nothing had happened: what it says is what an index says that was made at once.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "post/search/search.h"
#include "post/search/testing.h"

namespace chappe::post::search {
namespace {

using store::MemoryDisk;
using store::testing::MemoryPlace;
using testing::Indexed;
using testing::letter_of;
using testing::Office;
using testing::soon;

constexpr AccountId kAlice{7};

// What the index says: for each term, the letters (by mailbox and UID, for numbers of documents may differ) and places.
std::map<Bytes, std::map<Place, std::vector<std::uint32_t>>> all_of_index(Office& office) {
  std::map<Bytes, std::map<Place, std::vector<std::uint32_t>>> out;
  Blocking blocking(office.store().blocking().snapshot());
  Ledger ledger = Ledger::open(&blocking, kAlice).value();
  EXPECT_EQ(ledger.state().merging, 0u);
  for (const Segment& segment : ledger.state().segments) {
    SegmentReader rows{&blocking, kAlice, segment};
    TermCursor cursor = TermCursor::seek(&blocking, kAlice, segment.id, {}).value();
    for (; !cursor.done(); cursor.next().value()) {
      TermReader reader(&rows, cursor.entry());
      while (reader.next()) {
        const auto row = blocking.get(document_key(kAlice, reader.posting().doc)).value();
        if (!row) continue;  // dead
        for (const Place& place : decode_document(row->view()).value().places)
          out[cursor.entry().term][place] = reader.places();
      }
      EXPECT_TRUE(reader.fault());
    }
  }
  return out;
}

// Rows of segments that the state does not name.
void expect_no_remnants(Office& office) {
  Blocking blocking(office.store().blocking().snapshot());
  Ledger ledger = Ledger::open(&blocking, kAlice).value();
  std::set<std::uint32_t> known;
  for (const Segment& s : ledger.state().segments) known.insert(s.id);
  for (const auto space : {store::Space::search_term, store::Space::search_posting, store::Space::search_word}) {
    const auto rows =
        office.wait(store::scan_all(&office.store(), store::KeyWriter(kAlice.value, space).range(), soon())).value();
    for (const store::Row& row : rows) {
      store::KeyReader key(row.key);
      ASSERT_TRUE(key.expect(kAlice.value, space));
      EXPECT_TRUE(known.contains(key.u32().value()));
    }
  }
}

void something_happens(Office& office, Random& random) {
  const char* const names[] = {"INBOX", "Sent", "Trash", "Archive"};
  const auto pick = [&] { return office.find(kAlice, names[random.below(4)]).id; };
  const MailboxId from = pick(), to = pick();
  const UidSet some =
      UidSet::range(static_cast<std::uint32_t>(1 + random.below(20)), static_cast<std::uint32_t>(1 + random.below(30)));
  switch (random.below(6)) {
    case 0:
      (void)office.wait(office.mailboxes().expunge(kAlice, from, some, Expunge::all, soon()));
      break;
    case 1:
      (void)office.wait(office.mailboxes().move(kAlice, from, some, to, soon()));
      break;
    case 2:
      (void)office.wait(office.mailboxes().copy(kAlice, from, some, to, soon()));
      break;
    default:
      for (std::uint64_t n = 1 + random.below(10); n > 0; --n) {
        const std::string word = "w" + std::to_string(random.below(40));
        office.append(kAlice, from, letter_of(word, "common " + word + " réunion " + std::to_string(random.below(9))));
      }
  }
}

TEST(Crash, TheIndexCatchesUp) {
  int cuts = 0;
  for (std::uint64_t round = 0; round < 60; ++round) {
    SeededRandom random(round);
    auto place = std::make_unique<MemoryPlace>();
    MemoryDisk& disk = place->disk;
    Office office(std::move(place), {.changes = random.below(2) ? 300u : 100'000u});
    IndexerOptions options;
    options.portion.letters = static_cast<std::uint32_t>(1 + random.below(6));
    options.portion.changes = 1 + random.below(12);
    for (int life = 0; life < 8; ++life) {
      for (std::uint64_t n = random.below(8); n > 0; --n) something_happens(office, random);
      const std::uint64_t last = disk.writes() + 1 + random.below(25);
      const auto fate = random.below(2) ? MemoryDisk::Fate::lost : MemoryDisk::Fate::kept;
      disk.set_fate([=](std::uint64_t n) { return n == last ? fate : MemoryDisk::Fate::good; });
      {
        Indexed index(office, options);
        const auto done = office.wait(index.indexer->catch_up(kAlice));
        cuts += !done.has_value();
      }
      disk.set_fate({});
      disk.cut_power();
      office.reopen();
    }
    Indexed index(office, options);
    index.catch_up(kAlice);
    EXPECT_EQ(index.progress(kAlice).pending, 0u);
    const auto resumed = all_of_index(office);
    expect_no_remnants(office);
    // Made at once.
    office
        .wait(office.commit().submit(
            [](store::Txn& txn) -> Result<void> {
              for (store::Range& range : search::all_of(kAlice)) txn.remove(std::move(range));
              return {};
            },
            soon()))
        .value();
    Indexed fresh(office);
    fresh.catch_up(kAlice);
    ASSERT_EQ(resumed, all_of_index(office)) << round;
    ASSERT_EQ(index.progress(kAlice).indexed, fresh.progress(kAlice).indexed);
  }
  EXPECT_GT(cuts, 100);
}

}  // namespace
}  // namespace chappe::post::search
