// Stems of words, by Snowball, for the languages that Chappe knows, and a guess in which of them a text is. A stem is
// told apart from a word in the index, so that it never spoils a search for exactly that word.
//
// A Stemmer belongs to one thread at a time. About 0.2 µs a word.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sb_stemmer;

namespace chappe::post::search {

enum class Language : std::uint8_t { english, french };
inline constexpr std::size_t kLanguages = 2;

class Stemmer {
 public:
  Stemmer();
  ~Stemmer();
  Stemmer(const Stemmer&) = delete;
  Stemmer& operator=(const Stemmer&) = delete;

  // The key of the stem of `word`, which is caseless and has its accents (Token::word).
  std::string stem(Language language, std::string_view word);

 private:
  std::array<sb_stemmer*, kLanguages> stemmers_;
};

// In which language a text is, by its most frequent small words: an octet of memory and a look into a table a word.
class LanguageGuess {
 public:
  // `key`: of a token.
  void see(std::string_view key);
  // The languages that a word of this text may be of: one, or all when nothing tells.
  std::array<bool, kLanguages> languages() const;

 private:
  std::array<std::uint32_t, kLanguages> seen_{};
};

}  // namespace chappe::post::search
