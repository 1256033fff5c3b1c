// Substrings and an index of words: which letters surely do not hold a pattern, and which surely do (RFC 9051 §6.4.4
// looks for substrings). Only the others must be looked into.
//
// What is built on. The index has, for each text of a letter (text.h), the words of all of it. The texts and the
// pattern are caseless in the same way, so the letter holds the pattern exactly if one of its texts holds it, octet for
// octet. A text is cut at dividers into runs, and the words of a run depend on nothing but the run (tokens.h).
//
// Let a text hold the pattern P at some place, and cut P at its own dividers. Each piece r of P then lies in one run of
// the text, for there is no divider in r.
// 1. If P has dividers on both sides of r, the same ones stand in the text, so r is a run of the text, and every word
//    of r is a word of the text.
// 2. Otherwise let s be a row of solid characters in r. No word boundary is inside s, and s holds letters or digits, so
//    one word of the run holds s. Keys are made character by character, and what is dropped or reordered are marks,
//    of which s has none: the key of the word holds the key of s.
//    a. If r begins with s, and P has a divider before r, then the run of the text begins with s, and so does its word.
//    b. If r ends with s, and P has a divider behind r, then the word ends with s.
// So P gives conditions: words that must be there (1), and words that must begin (2a), end (2b) or hold something (2).
// A letter that misses one of them does not hold P. Two things can make the index miss words of a letter: it was too
// long, or parts of it could not be read (kMarkPart): such a letter is never ruled out; and a word longer than
// kMaxToken is there only by its beginning (kMarkCut): a letter with such words is never ruled out by an end or a
// middle. A beginning is compared by fewer octets than a cut key has.
//
// P without a divider, which is what people mostly look for, gives "a word that holds s": the terms are read through,
// which takes some 30 ns each, instead of the letters.
//
// And the other way round, if P is nothing but ASCII letters and digits: a word whose key holds P, and that stands in
// the letter as its key is written, has P in it. A key may also come from a word that is written otherwise ("été" has
// the key "ete"), from the name of a file or from text that a program found in an attachment, into which SEARCH does
// not look: the letter has such a key once more, as a term of TermKind::unlike. So a letter surely holds P if a word of
// one of the fields holds it and no unlike key does. Not where a field of a certain name is looked for: the index knows
// it only among the others.
#pragma once

#include <string>
#include <vector>

#include "post/mailbox/uid_set.h"
#include "post/search/ledger.h"
#include "post/search/pattern.h"
#include "post/search/tokens.h"

namespace chappe::post::search {

struct Condition {
  enum class Kind : std::uint8_t { word, beginning, end, middle };
  Kind kind;
  std::string key;
  bool operator==(const Condition&) const = default;
};

// All that must hold of a text with this pattern.
std::vector<Condition> conditions_of(ByteView caseless_pattern, Tokenizer& tokenizer);

// Messages of a mailbox; never one that is not in the index.
struct Narrowed {
  UidSet absent;   // the pattern surely does not stand in them
  UidSet present;  // it surely does
};

// On a thread that may block, over one snapshot.
class Narrowing {
 public:
  static constexpr std::size_t kShortest = 3;  // octets of an end or a middle that is looked for
  static constexpr std::uint32_t kFew = 200;   // candidates that need no further narrowing
  static constexpr std::uint64_t kPostings =
      20'000'000;  // read for ends and middles; beyond, nothing is ruled out by them

  Narrowing(Blocking* store, AccountId account, const State& state) : store_(store), account_(account), state_(state) {}
  Result<Narrowed> run(const Pattern& pattern, MailboxId mailbox, Tokenizer& tokenizer);

 private:
  using Docs = std::vector<bool>;

  Result<void> add_term(SegmentReader& rows, const TermEntry& entry, FieldMask fields, Docs& docs);
  Result<void> add_word(TermKind kind, const std::string& key, FieldMask fields, Docs& docs);
  Result<void> add_beginning(TermKind kind, const std::string& key, FieldMask fields, Docs& docs);
  Result<void> add_holding(TermKind kind, const std::vector<const Condition*>& conditions, FieldMask fields,
                           std::vector<Docs>& docs);
  // All conditions that need the terms to be read through.
  Result<void> narrow_by_holding(const Pattern& pattern, const std::vector<const Condition*>& holding);
  void narrow(const Docs& docs);

  Blocking* store_;
  AccountId account_;
  const State& state_;
  std::optional<Docs> candidates_;  // nothing: all
  Docs sure_;                       // empty: none
  std::uint64_t postings_ = 0;
};

}  // namespace chappe::post::search
