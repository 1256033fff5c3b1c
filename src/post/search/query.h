// What people type to look for letters, as a tree. Pure.
//
//   invoice march              both words, in any of their forms: invoices too
//   "annual report"            these words in this order, exactly so
//   confid*                    words that begin so
//   from:marie  subject:"x y"  in this field only: subject from to cc bcc list attachment body
//   before:2026-03-01 after:2026-02 on:2026-02-14     by the day the letter came; after includes its day
//   a OR b   a AND b   NOT a   -a   (a b) OR c        AND binds more than OR
//
// Case and accents do not matter, but for the operators, which are capitals. What is no word at all is passed over.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "post/search/postings.h"

namespace chappe::post::search {

struct Query {
  static constexpr std::size_t kMaxSize = 2000;  // octets
  static constexpr std::size_t kMaxLeaves = 64;
  static constexpr int kMaxDepth = 16;

  enum class Kind : std::uint8_t {
    all,          // every letter
    word,         // words.front() in any of its forms
    prefix,       // a word that begins with words.front()
    phrase,       // words one behind the other; one of them is a word and no other form of it
    date,         // from <= date < until
    conjunction,  // all children; a negation among them takes away
    disjunction,
    negation,  // of its one child
  };

  Kind kind = Kind::all;
  FieldMask fields = kAllFields;
  std::vector<std::string> words;  // keys (Token)
  std::string form;                // of a word: caseless with its accents, for its stem
  Time from, until;
  std::vector<Query> children;
};

// Errors: invalid (a parenthesis or a quote without its end, an operator without its sides, a date that is none,
// nothing to look for), too_large.
Result<Query> parse_query(ByteView text);

// The words of a text, as a phrase or a word; Kind::all when there are none.
Query query_of(ByteView text, FieldMask fields, bool exact);

}  // namespace chappe::post::search
