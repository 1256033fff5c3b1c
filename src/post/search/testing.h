// For tests: letters of chosen words, an office with an index, and what a search must find, by looking at every letter.
#pragma once

#include <string>
#include <vector>

#include "post/mailbox/office_for_test.h"
#include "post/search/indexer.h"

namespace chappe::post::search::testing {

using post::testing::Office;
using post::testing::soon;

inline std::string letter_of(const std::string& subject, const std::string& body,
                             const std::string& from = "alice@example.test") {
  return "From: " + from + "\r\nTo: bob@example.test\r\nSubject: " + subject +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body + "\r\n";
}

// Threads are none: everything runs on the caller's.
class Indexed {
 public:
  explicit Indexed(Office& office, IndexerOptions options = {}) : office_(office) {
    indexer = std::make_unique<Indexer>(
        Indexer::Parts{.store = &office.store(), .commit = &office.commit(), .offload = &offload}, std::move(options));
  }
  void catch_up(AccountId account) {
    const auto done = office_.wait(indexer->catch_up(account));
    ASSERT_TRUE(done) << done.error().describe();
  }
  Progress progress(AccountId account) { return office_.wait(indexer->progress(account, soon())).value(); }

  net::InlineOffload offload;
  std::unique_ptr<Indexer> indexer;

 private:
  Office& office_;
};

// The documents in which a term stands, as the store has them; those that are gone too.
inline std::vector<DocId> docs_of(store::Store& store, AccountId account, TermKind kind, const std::string& key) {
  std::vector<DocId> out;
  Blocking blocking(store.blocking().snapshot());
  const Ledger ledger = Ledger::open(&blocking, account).value();
  const State state = Ledger(ledger).state();
  for (const Segment& segment : state.segments) {
    const auto entry = find_term(&blocking, account, segment.id, term_of(kind, key)).value();
    if (!entry) continue;
    SegmentReader rows{&blocking, account, segment};
    TermReader reader(&rows, *entry);
    while (reader.next()) out.push_back(reader.posting().doc);
    EXPECT_TRUE(reader.fault().has_value());
  }
  return out;
}

}  // namespace chappe::post::search::testing
