#include "post/search/snippet.h"

#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"
#include "post/search/text.h"

namespace chappe::post::search {
namespace {

constexpr std::size_t kBefore = 50;        // octets of a snippet before its first mark, about
constexpr std::size_t kSameBeginning = 2;  // octets that a word and its other forms have in common

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_ctl(c) && c != ' ')
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

// Where a word begins at `at` or soon before or behind it; not inside a character.
std::size_t word_start(const std::string& text, std::size_t at) {
  if (at == 0 || at >= text.size()) return std::min(at, text.size());
  const std::size_t blank = text.rfind(' ', at);
  if (blank != std::string::npos && at - blank < 20) return blank + 1;
  return codec::utf8_cut(text, at).size();
}

}  // namespace

Wanted::Wanted(const Query& query, Stemmer& stemmer) { collect(query, stemmer); }

void Wanted::collect(const Query& query, Stemmer& stemmer) {
  if (query.kind == Query::Kind::negation) return;
  for (const std::string& key : query.words) {
    Word word{.key = key, .prefix = query.kind == Query::Kind::prefix};
    if (query.kind == Query::Kind::word)
      for (std::size_t l = 0; l < kLanguages; ++l)
        word.stems.push_back(stemmer.stem(static_cast<Language>(l), query.form));
    words_.push_back(std::move(word));
  }
  for (const Query& child : query.children) collect(child, stemmer);
}

bool Wanted::has(const Token& token, Stemmer& stemmer) const {
  for (const Word& word : words_) {
    if (token.key == word.key || (word.prefix && token.key.starts_with(word.key))) return true;
    if (word.stems.empty() || token.key.substr(0, kSameBeginning) != word.key.substr(0, kSameBeginning)) continue;
    for (std::size_t l = 0; l < kLanguages; ++l)
      if (stemmer.stem(static_cast<Language>(l), token.word) == word.stems[l]) return true;
  }
  return false;
}

Snippet mark(const std::string& text, const Wanted& wanted, Tokenizer& tokenizer, Stemmer& stemmer) {
  Snippet out;
  out.text = one_line(text);
  tokenizer.each(out.text, [&](const Token& token) {
    if (!wanted.has(token, stemmer)) return;
    // Several words of one run may stand for the whole of it.
    if (out.marks.empty() || out.marks.back().second <= token.begin) out.marks.emplace_back(token.begin, token.end);
  });
  return out;
}

Snippet snippet_of(const message::Letter& letter, const Wanted& wanted, Tokenizer& tokenizer, Stemmer& stemmer) {
  Snippet first;
  std::size_t left = kSnippetText;
  for (const message::Part& part : letter.parts()) {
    if (part.kind != message::Part::Kind::leaf || !part.is_text() || left == 0) continue;
    std::string text = readable_text(letter, part);
    text.resize(codec::utf8_cut(text, left).size());
    left -= text.size();
    Snippet all = mark(text, wanted, tokenizer, stemmer);
    if (all.marks.empty()) {
      if (first.text.empty()) first.text = Bytes(codec::utf8_cut(all.text, kSnippet));
      continue;
    }
    // The first of those stretches that have the most marks.
    std::size_t best = 0, most = 0;
    for (std::size_t i = 0, j = 0; i < all.marks.size(); ++i) {
      while (j < all.marks.size() && all.marks[j].second <= all.marks[i].first + (kSnippet - kBefore)) ++j;
      if (j > i && j - i > most) {
        most = j - i;
        best = i;
      }
    }
    const std::size_t from = all.marks[best].first;
    const std::size_t begin = std::min(word_start(all.text, from < kBefore ? 0 : from - kBefore), from);
    Snippet out;
    out.text = Bytes(codec::utf8_cut(ByteView(all.text).substr(begin), kSnippet));
    for (const auto& [b, e] : all.marks)
      if (b >= begin && e <= begin + out.text.size()) out.marks.emplace_back(b - begin, e - begin);
    return out;
  }
  return first;
}

}  // namespace chappe::post::search
