// The next piece of work on an account's index: some letters more, some places fewer, as one batch with the cursor that
// says so. A function from what the store holds to what is to be written; whoever calls it again after a crash, or
// after a batch that was not written, gets the same work again. So an index that has caught up has exactly the letters
// of the account, whatever happened on the way.
//
// It follows the feed of the account (read_feed). An index that is new, or whose cursor the feed has forgotten, goes
// through all mailboxes first and compares; then it follows the feed from where that began. What is done twice changes
// nothing.
//
// On a thread that may block; memory and time are bounded by PortionLimits, whatever the account holds. A letter is
// read up to kMaxOctets; attachments that have an extractor are read wherever they stand. A letter that cannot be read
// has no words, and searches look into it themselves.
#pragma once

#include "post/search/builder.h"
#include "post/search/extractors.h"
#include "post/search/ledger.h"

namespace chappe::post::search {

struct PortionLimits {
  std::uint32_t letters = 500;                   // taken in
  std::uint64_t octets = 8 * 1024 * 1024;        // of letters, read
  std::size_t bytes = 16 * 1024 * 1024;          // of memory for postings
  std::size_t changes = 5000;                    // of places
  std::size_t messages = 20'000;                 // looked at, new or not
  std::size_t rows = 200;                        // of the feed
  Duration elsewhere = std::chrono::seconds(5);  // spent on texts of attachments
};

struct Portion {
  // Nothing is to be done now: the index is as the account is. Changes of flags alone do not count.
  bool idle = false;
  // The account has been removed, and its index with it, or it never was.
  bool gone = false;
  std::optional<Bytes> before;  // the state row that all this follows from
  store::Batch batch;
  std::uint32_t letters = 0;   // taken in
  std::uint32_t left_out = 0;  // that could not be read
  std::uint64_t octets = 0;    // read
  State state;                 // as it will be
};

class PortionMaker {
 public:
  static constexpr std::uint64_t kMaxOctets = 8 * 1024 * 1024;  // of one letter

  // `store`: blocking. `extractors` may be null: attachments have no text. Both must outlive it; next() is called on
  // one thread at a time.
  explicit PortionMaker(store::Store& store, PortionLimits limits = {}, Extractors* extractors = nullptr)
      : store_(store), limits_(limits), extractors_(extractors) {}

  // `merging`: the segment that is being written by a merge just now; another one in the state is a remnant, and goes.
  // Errors: cancelled, soon after stop(), and then for ever; those of the store.
  Result<Portion> next(AccountId account, std::uint32_t merging);
  // Any thread.
  void stop() { stopped_ = true; }

 private:
  class Work;
  store::Store& store_;
  const PortionLimits limits_;
  Extractors* const extractors_;
  Tokenizer tokenizer_;
  Stemmer stemmer_;
  std::atomic<bool> stopped_ = false;
};

// The batch of a portion or of a merge, as a Change: Errc::conflict when the state is another one, not_found when the
// account has been removed.
store::Change change_of(AccountId account, std::optional<Bytes> before, store::Batch batch);

// Throws the index of an account away, as a Change: whoever follows the account makes it anew from the letters. Until
// then searches look into every letter. Work that is under way on the old one finds that the state is another.
store::Change drop_of(AccountId account);

}  // namespace chappe::post::search
