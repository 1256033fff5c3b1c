// Whether the search index of an account is what it should be: every row reads back, what one row names is there, what
// two rows say agrees, and every message that the feed has told of is known. docs/formats/search.md tells the rules.
//
// On one snapshot, so it may be used while a server runs; in steps, so that the caller may rest between them. Where the
// thread may block. Memory: a page of rows, an octet for each document, and the UIDs that the account gained and lost
// while the index was behind; if those are of more than kMostFeed changes, or the mailboxes are being read through just
// now, the index is not compared with the mailboxes.
//
// The remedy is the same for all of it: drop_of() (portion.h) throws the index away, and it is made anew.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "post/search/lengths.h"

namespace chappe::post::search {

enum class IndexFault : std::uint8_t {
  bad_row,         // it does not read back
  missing,         // what another row names is not there
  disagree,        // two rows say different things
  unknown_letter,  // a posting, or a place, of a letter that the index does not know
  gone,            // a place of a message that is not there (any more)
  overlooked,      // a message that the index should have taken in
  astray,          // a row that nothing names
};
std::string_view index_fault_name(IndexFault fault);

struct IndexFinding {
  IndexFault fault;
  std::string what;  // "segment 3, word apple"
  std::string detail = {};
};

class IndexCheck {
 public:
  static constexpr std::size_t kRows = 500;         // that a step looks at, about
  static constexpr std::size_t kPostings = 50'000;  // that a step looks at, about
  static constexpr std::size_t kMostFeed = 20'000;  // changes
  static constexpr std::size_t kMostTold = 1'000;   // findings of one account

  using OnFault = std::function<void(const IndexFinding&)>;

  // `store` must outlive it, and be one that is read where that may block (Store::blocking).
  IndexCheck(store::Store& store, AccountId account, OnFault on_fault);

  // Looks at some more; false: that was all. Errors: those of the store that are no faults of what it holds.
  Result<bool> step();
  // All of it.
  Result<void> run();

  std::uint64_t rows() const { return rows_; }  // looked at so far
  std::uint64_t faults() const { return faults_; }

 private:
  enum class Phase : std::uint8_t { begin, documents, bodies, places, pages, messages, segments, strays, done };
  class SegmentCheck;

  void fault(IndexFault f, std::string what, std::string detail = {});
  // Says what is wrong with a row; errors that are none of its own are the caller's.
  Result<void> tell(Result<void> looked, const store::Row& row);
  Result<void> look(const store::Row& row);
  void go_on();
  Result<void> piece();

  Result<bool> begin();
  Result<void> read_feed_behind();
  Result<void> document(const store::Row& row);
  Result<void> body(const store::Row& row);
  Result<void> places(const store::Row& row);
  Result<void> page(const store::Row& row);
  Result<void> message(const store::Row& row);
  Result<bool> mailbox_is_there(MailboxId mailbox);
  void sum_up();
  Result<void> segments();
  Result<void> stray();

  std::shared_ptr<Blocking> store_;
  const AccountId account_;
  OnFault on_fault_;
  Phase phase_ = Phase::begin;
  std::optional<store::Range> left_;  // of the phase's rows
  std::uint64_t rows_ = 0, faults_ = 0;

  State state_;
  bool compared_ = true;  // with the mailboxes
  struct Behind {
    UidSet added, expunged;
    bool removed = false;  // the mailbox itself
  };
  std::map<MailboxId, Behind> behind_;  // what the feed tells that the index has not seen
  std::uint64_t documents_ = 0, words_ = 0, named_ = 0, placed_ = 0, lengths_seen_ = 0, in_segments_ = 0;
  Lengths lengths_;
  std::optional<Place> known_at_;  // the page of places that was read last
  PlacePage known_;
  std::optional<std::pair<MailboxId, bool>> mailbox_;  // that was asked for last, and whether it is there

  std::size_t segment_ = 0;
  std::shared_ptr<SegmentCheck> now_;
  std::size_t stray_space_ = 0;
};

}  // namespace chappe::post::search
