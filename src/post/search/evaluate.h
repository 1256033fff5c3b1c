// Which documents of an account a query names, and how well they fit: BM25 (k1 1.2, b 0.75) over the counts of each
// field, weighted: subject 4, sender 3, recipients, list and attachment names 2, body 1. Another form of a word counts
// six tenths of the word itself.
//
// On a thread that may block, over one snapshot of the store. Time grows with the posting lists of the words that are
// asked for; memory with the documents that have them, eight octets each.
#pragma once

#include <array>
#include <vector>

#include "post/search/ledger.h"
#include "post/search/lengths.h"
#include "post/search/query.h"
#include "post/search/stems.h"

namespace chappe::post::search {

struct Match {
  DocId doc;
  float score;
};
using Matches = std::vector<Match>;  // ascending by document; alive

class Evaluation {
 public:
  // All must outlive it.
  Evaluation(Blocking* store, AccountId account, const State& state, Stemmer& stemmer);

  Result<Matches> run(const Query& query);

 private:
  Result<Matches> word(const Query& query);
  Result<Matches> term(TermKind kind, const std::string& key, FieldMask fields, float factor);
  Result<Matches> prefix(const Query& query);
  Result<Matches> phrase(const Query& query);
  Result<void> phrase(const Query& query, const Segment& segment, Matches& out);
  Result<Matches> dates(Time from, Time until);
  Result<Matches> conjunction(const Query& query);
  Result<Matches> everything();
  // Makes counts, weighted, into scores; what is dead goes.
  Result<void> score(Matches& counted, float factor);

  Blocking* store_;
  AccountId account_;
  const State& state_;
  Stemmer& stemmer_;
  Lengths lengths_;
  std::array<float, 256> norms_;  // by length code
};

enum class Scores : std::uint8_t { sum, best };
Matches both(const Matches& a, const Matches& b);  // scores are added
Matches either(const Matches& a, const Matches& b, Scores scores);
Matches without(const Matches& a, const Matches& b);

}  // namespace chappe::post::search
