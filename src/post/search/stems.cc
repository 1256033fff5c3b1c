#include "post/search/stems.h"

#include <libstemmer.h>

#include <algorithm>

#include "codec/utf8.h"
#include "post/search/tokens.h"

namespace chappe::post::search {
namespace {

constexpr const char* kNames[kLanguages] = {"english", "french"};

// Small words of one language that the other has not; keys, in order.
constexpr std::string_view kEnglish[] = {"and",   "are",  "be",   "been", "but", "can", "do",    "for",  "from", "have",
                                         "if",    "in",   "is",   "it",   "my",  "not", "of",    "or",   "that", "the",
                                         "their", "they", "this", "to",   "was", "we",  "which", "will", "with", "you"};
constexpr std::string_view kFrench[] = {"au",   "aux",  "avec", "ce",   "cette", "dans", "de",    "des",
                                        "du",   "elle", "en",   "est",  "et",    "ete",  "il",    "je",
                                        "la",   "le",   "les",  "mais", "nous",  "ou",   "par",   "pas",
                                        "pour", "que",  "qui",  "sont", "sur",   "une",  "votre", "vous"};
static_assert(std::ranges::is_sorted(kEnglish) && std::ranges::is_sorted(kFrench));
constexpr std::size_t kLongestSmall = 5;

}  // namespace

Stemmer::Stemmer() {
  for (std::size_t i = 0; i < kLanguages; ++i) stemmers_[i] = sb_stemmer_new(kNames[i], "UTF_8");
}

Stemmer::~Stemmer() {
  for (sb_stemmer* s : stemmers_) sb_stemmer_delete(s);
}

std::string Stemmer::stem(Language language, std::string_view word) {
  sb_stemmer* const s = stemmers_[static_cast<std::size_t>(language)];
  // A word that is longer than any has no stem.
  if (s == nullptr || word.size() > kMaxToken) return key_of(codec::utf8_cut(word, kMaxToken));
  const auto* out = sb_stemmer_stem(s, reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
  if (out == nullptr) return key_of(word);
  return key_of({reinterpret_cast<const char*>(out), static_cast<std::size_t>(sb_stemmer_length(s))});
}

void LanguageGuess::see(std::string_view key) {
  if (key.size() < 2 || key.size() > kLongestSmall) return;
  if (std::ranges::binary_search(kEnglish, key))
    ++seen_[static_cast<std::size_t>(Language::english)];
  else if (std::ranges::binary_search(kFrench, key))
    ++seen_[static_cast<std::size_t>(Language::french)];
}

std::array<bool, kLanguages> LanguageGuess::languages() const {
  const std::uint32_t most = std::ranges::max(seen_);
  std::array<bool, kLanguages> out;
  for (std::size_t i = 0; i < kLanguages; ++i) out[i] = seen_[i] == most;
  return out;
}

}  // namespace chappe::post::search
