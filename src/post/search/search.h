// Looking for letters: what people ask in words (find), and what IMAP asks about substrings (narrow).
//
// One for the process; from any executor. What takes long happens in the offload pool, over one snapshot of the store.
// The index may be behind (indexer.h: progress): find() does not know letters that have not been indexed, while
// narrow() says nothing of them.
#pragma once

#include <memory>
#include <mutex>

#include "post/mailbox/types.h"
#include "post/search/narrow.h"
#include "post/search/query.h"
#include "post/search/rows.h"
#include "post/search/snippet.h"

namespace chappe::post::search {

using net::Deadline;
using net::Task;

// A letter that was found.
struct Hit {
  store::BodyRef body;
  Time date;
  std::vector<Place> places;  // where it is; at least one
  float score = 0;            // the higher the better; of this query only
  std::string from;           // for people
  Snippet subject, text;      // without snippets: empty
};

struct Hits {
  std::uint64_t total = 0;  // letters that fit
  std::vector<Hit> best;    // the best first; of equal ones the latest
};

// How well the messages of a mailbox fit.
struct Ranked {
  Uid uid;
  float score;
};

class Search {
 public:
  static constexpr std::size_t kMostHits = 1000;
  static constexpr std::uint64_t kSnippetOctets = 256 * 1024;  // of a letter that are read for its snippet

  // Both must outlive it, and it every task of it.
  Search(store::Store& store, net::Offload& offload);
  ~Search();

  // The `limit` best letters. Errors: busy (the pool), corrupt, and those of the store.
  Task<Result<Hits>> find(AccountId account, Query query, std::size_t limit, bool snippets, Deadline deadline);
  // Every message of a mailbox that fits, ascending.
  Task<Result<std::vector<Ranked>>> match(AccountId account, MailboxId mailbox, Query query, Deadline deadline);
  // What the index knows of `pattern` in the messages of a mailbox (narrow.h).
  Task<Result<Narrowed>> narrow(AccountId account, MailboxId mailbox, Pattern pattern, Deadline deadline);

 private:
  struct Tools;
  class Borrowed;
  class Shelf;

  store::Store& store_;
  net::Offload& offload_;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace chappe::post::search
