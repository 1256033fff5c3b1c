// A piece of a letter around what was looked for, with the words marked. Pure; for the offload pool.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "message/letter.h"
#include "post/search/query.h"
#include "post/search/stems.h"
#include "post/search/tokens.h"

namespace chappe::post::search {

struct Snippet {
  std::string text;  // UTF-8, one line, blanks run together
  // Octets [begin, end) of it that are words of the query, ascending.
  std::vector<std::pair<std::size_t, std::size_t>> marks;
};

// The words that a query looks for (not those that it excludes), in every form.
class Wanted {
 public:
  Wanted(const Query& query, Stemmer& stemmer);
  bool has(const Token& token, Stemmer& stemmer) const;

 private:
  void collect(const Query& query, Stemmer& stemmer);

  struct Word {
    std::string key;
    bool prefix = false;
    std::vector<std::string> stems{};  // of one whose forms count
  };
  std::vector<Word> words_;
};

inline constexpr std::size_t kSnippet = 200;            // octets, about
inline constexpr std::size_t kSnippetText = 32 * 1024;  // of a letter's text that are looked through

// All of `text`, on one line.
Snippet mark(const std::string& text, const Wanted& wanted, Tokenizer& tokenizer, Stemmer& stemmer);
// Where most words of the query are near each other; the beginning of the text if there are none.
Snippet snippet_of(const message::Letter& letter, const Wanted& wanted, Tokenizer& tokenizer, Stemmer& stemmer);

}  // namespace chappe::post::search
