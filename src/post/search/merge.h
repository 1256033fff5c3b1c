// Neighbouring segments made into one, so that a query asks few, and what is gone takes no space. It reads and writes
// term after term, in steps whose rows the caller commits; the state of the index names the new segment as `merging`
// until the last step, which puts it in the place of the old ones. A merge that was interrupted is a remnant that the
// next portion removes (portion.h).
//
// Memory: a few rows of each segment, and an octet for each document. On threads that may block, one at a time.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "post/search/ledger.h"
#include "post/search/lengths.h"

namespace chappe::post::search {

// Neighbours that should become one; empty: none. Sizes of segments grow by the factor kFanOut from class to class, and
// of no class there are that many; so an index of a million letters has some twenty segments. A segment a quarter of
// which is dead is written anew.
inline constexpr std::size_t kFanOut = 8;
std::vector<Segment> to_merge(const State& state);

class Merge {
 public:
  static constexpr std::size_t kStepOctets = 256 * 1024;  // of rows that one step writes, about
  static constexpr std::size_t kStepPostings = 200'000;   // that one step reads

  // `store`: blocking; must outlive it.
  Merge(store::Store& store, AccountId account, std::vector<Segment> from, std::uint32_t id);

  std::uint32_t id() const { return id_; }
  AccountId account() const { return account_; }
  // Appends rows to `batch`. True: that was all, and finish() may be called.
  Result<bool> step(store::Batch& batch);
  // Puts the new segment into the state.
  void finish(Ledger& ledger, store::Batch& batch) const;

 private:
  struct Input {
    SegmentReader rows;
    std::optional<TermCursor> cursor;
  };
  Result<void> begin();
  // The postings of the term of one input. False: the step has done enough.
  Result<bool> copy(Input& input, store::Batch& batch);

  std::shared_ptr<Blocking> store_;
  AccountId account_;
  std::vector<Segment> from_;
  std::uint32_t id_;
  std::deque<Input> inputs_;
  Lengths lengths_;
  SegmentWriter writer_;
  std::uint32_t docs_ = 0;
  bool begun_ = false;

  // The term that is being written, and from which input.
  std::optional<Bytes> term_;
  std::size_t input_ = 0;
  std::optional<TermReader> reader_;
  std::size_t read_ = 0;  // in this step
};

}  // namespace chappe::post::search
