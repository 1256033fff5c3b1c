// Text as words that can be looked for. One definition for indexing, for queries and for finding places in a text.
//
// First a text is cut into runs at every *divider*: ASCII that is no letter or digit, and the blanks and punctuation of
// Latin-1 and of U+2000 to U+205E. A run of ASCII is one word. Any other run goes through the word boundaries of ICU
// (UAX #29, with its dictionaries for scripts that write no blanks). A word's key is its caseless form without accents:
// fold_case, then NFKD without marks, œ as oe and so on; cut to kMaxToken octets.
//
// So which words a run has depends on the run alone, and a run lies between dividers that can be seen in the text.
// That is what lets a search for substrings use the index (narrow.h).
//
// A Tokenizer belongs to one thread at a time. Takes about a microsecond for ten words of ASCII, ten times that for
// others: not for a shard. Memory: one run. Linear.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace chappe::post::search {

inline constexpr std::size_t kMaxToken = 64;  // octets of a key; what is longer is cut, and marked so
inline constexpr std::size_t kMaxRun = 4096;  // octets of a run that are looked at

struct Token {
  std::string_view key;   // holds until the next one
  std::string_view word;  // caseless, with its accents: for stemming
  std::size_t begin = 0;  // in the text
  std::size_t end = 0;
  bool cut = false;    // the key is not all of the word
  bool plain = false;  // the key stands in the text as it is
};

class Tokenizer {
 public:
  Tokenizer();
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Calls `take` for each word, in order. `text`: well-formed UTF-8. False when there was a run that was not looked at
  // as a whole.
  bool each(ByteView text, const std::function<void(const Token&)>& take);

 private:
  struct Icu;
  std::unique_ptr<Icu> icu_;
};

// Whether `c` ends a run.
bool is_divider(char32_t c);
// Letters and digits between which, side by side, there is never a word boundary (UAX #29 WB5, WB8 to WB10): ASCII,
// Latin, Greek and Cyrillic. In a row they are part of one word, whatever stands around them.
bool is_solid(char32_t c);
// The key of a caseless word, not cut.
std::string key_of(ByteView word);

}  // namespace chappe::post::search
