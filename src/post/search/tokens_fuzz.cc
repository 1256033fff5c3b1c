// Any text becomes words, each where it says it is; and what must hold of a text with a pattern holds of every text
// that has the pattern: the input, cut in three, is a text around a pattern.
#include "../../../tests/fuzz/fuzzing.h"
#include "codec/utf8.h"
#include "message/html.h"
#include "post/search/narrow.h"
#include "post/search/stems.h"

using namespace chappe;                // NOLINT
using namespace chappe::post::search;  // NOLINT
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Tokenizer tokenizer;
  static Stemmer stemmer;
  ByteView input = fuzz::view(data, size);
  const unsigned first = fuzz::choose(input), second = fuzz::choose(input);
  const std::string raw = codec::utf8_repair(input);
  const std::string stripped = message::html_text(raw);
  check(codec::utf8_valid(stripped));
  for (const std::string& text : {caseless(raw), stripped}) {
    std::vector<std::string> keys;
    bool cut = false;
    const bool whole = tokenizer.each(text, [&](const Token& t) {
      check(t.begin < t.end && t.end <= text.size());
      check(!t.key.empty() && t.key.size() <= kMaxToken && codec::utf8_valid(t.key));
      keys.emplace_back(t.key);
      cut = cut || t.cut;
      for (const auto language : {Language::english, Language::french})
        check(stemmer.stem(language, t.word).size() <= 4 * kMaxToken);
    });
    if (text.empty() || &text == &stripped) continue;
    const std::size_t from = codec::utf8_cut(text, first % text.size()).size();
    const ByteView pattern = codec::utf8_cut(ByteView(text).substr(from), second % 64);
    if (!codec::utf8_valid(pattern) || !whole) continue;
    for (const Condition& c : conditions_of(pattern, tokenizer)) {
      bool holds = false;
      for (const std::string& key : keys)
        holds = holds || (c.kind == Condition::Kind::word        ? key == c.key
                          : c.kind == Condition::Kind::beginning ? key.starts_with(c.key)
                          : c.kind == Condition::Kind::end       ? key.ends_with(c.key)
                                                                 : key.find(c.key) != std::string::npos);
      check(holds || (cut && (c.kind == Condition::Kind::end || c.kind == Condition::Kind::middle)));
    }
  }
  return 0;
}
