// The words of some letters, gathered in memory and written as one segment. Belongs to one thread at a time.
#pragma once

#include <atomic>
#include <string>
#include <unordered_map>
#include <vector>

#include "message/letter.h"
#include "post/search/segment.h"
#include "post/search/stems.h"
#include "post/search/tokens.h"

namespace chappe::post::search {

class Builder {
 public:
  static constexpr std::size_t kMaxLetterText = 4 * 1024 * 1024;  // octets of one letter that are looked at
  static constexpr std::size_t kMaxWords = 100'000;               // of one letter
  static constexpr std::uint32_t kApart = 16;  // places between two texts, so that no phrase spans them

  Builder(Tokenizer& tokenizer, Stemmer& stemmer) : tokenizer_(tokenizer), stemmer_(stemmer) {}

  // Takes a letter in as a document greater than the last one; `more`: texts that are none of the letter's own, which
  // count as body. `whole`: false when octets of the letter are missing. How many words it has.
  std::uint32_t add(DocId doc, const message::Letter& letter, bool whole, const std::vector<std::string>& more = {});
  // A document of which nothing is known: every search has to look into it.
  void add_unread(DocId doc);

  std::uint32_t docs() const { return docs_; }
  // The memory that it takes, about.
  std::size_t bytes() const { return bytes_; }
  // Everything, as the rows of one segment.
  // Errors: cancelled, once `stop` is true.
  Result<Segment> write(AccountId account, std::uint32_t id, store::Batch& batch, const std::atomic<bool>& stop) const;

 private:
  static constexpr std::uint32_t kNoTerm = ~std::uint32_t{0};
  struct Term {
    std::vector<Posting> postings;
    std::vector<std::uint32_t> places;
    // Of a word; kUnknown until it is needed, kNoTerm when it is its own stem.
    std::array<std::uint32_t, kLanguages> stems;
  };
  struct Hit {
    std::uint32_t term;
    Where where;
    std::uint32_t place;
  };
  static constexpr std::uint32_t kUnknown = kNoTerm - 1;

  std::uint32_t intern(TermKind kind, std::string_view key);
  // `seen`: whether a search that looks into the letter meets this text.
  void take_text(Where where, const std::string& text, bool seen, bool& whole);
  void take_token(Where where, const Token& token, bool seen);
  void mark(DocId doc, ByteView which);
  void post(DocId doc);
  std::uint32_t stem_of(std::uint32_t term, Language language);
  void add_posting(Term& term, const Posting& posting);

  Tokenizer& tokenizer_;
  Stemmer& stemmer_;
  std::unordered_map<Bytes, std::uint32_t> numbers_;
  std::vector<Term> terms_;
  std::vector<std::string> words_;  // of terms that are words, with accents: for their stems
  std::size_t bytes_ = 0;
  std::uint32_t docs_ = 0;
  DocId first_ = 0, last_ = 0;

  // Of the letter that is being taken in.
  Bytes scratch_;
  std::vector<Hit> hits_;
  std::array<std::uint32_t, kFields + 1> next_place_{};
  LanguageGuess guess_;
  bool cut_ = false;
};

}  // namespace chappe::post::search
