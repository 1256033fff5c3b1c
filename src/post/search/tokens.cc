#include "post/search/tokens.h"

#include <unicode/normalizer2.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/idna.h"
#include "codec/utf8.h"

namespace chappe::post::search {
namespace {

constexpr std::array<bool, 128> kAsciiWord = [] {
  std::array<bool, 128> out{};
  for (int c = 0; c < 128; ++c) out[static_cast<std::size_t>(c)] = is_alnum(static_cast<char>(c));
  return out;
}();

bool ascii_word(char c) { return !is_8bit(c) && kAsciiWord[static_cast<unsigned char>(c)]; }

// Letters that NFKD leaves whole, and that people write with others.
std::string_view spelled(char32_t c) {
  switch (c) {
    case 0xe6:
      return "ae";
    case 0x153:
      return "oe";
    case 0xf8:
      return "o";
    case 0x111:
      return "d";
    case 0x142:
      return "l";
    case 0x131:
      return "i";
    default:
      return {};
  }
}

bool has_letters(ByteView word) {
  while (!word.empty())
    if (u_isalnum(static_cast<UChar32>(codec::take_utf8(word)))) return true;
  return false;
}

const icu::Normalizer2* nfkd() {
  UErrorCode status = U_ZERO_ERROR;
  return icu::Normalizer2::getNFKDInstance(status);
}

}  // namespace

bool is_divider(char32_t c) {
  if (c < 0x80) return !kAsciiWord[c];
  if (c < 0xc0) return c != 0xaa && c != 0xad && c != 0xb5 && c != 0xba;
  if (c == 0xd7 || c == 0xf7) return true;
  // Without what is part of words or invisible in them: U+200B to U+200F, U+202A to U+202E, U+203F, U+2040, U+2054.
  if (c >= 0x2000 && c <= 0x205e)
    return !(c >= 0x200b && c <= 0x200f) && !(c >= 0x202a && c <= 0x202e) && c != 0x203f && c != 0x2040 && c != 0x2054;
  return c >= 0x3000 && c <= 0x3003;
}

bool is_solid(char32_t c) {
  if (c < 0x80) return kAsciiWord[c];
  if (c == 0xd7 || c == 0xf7 || c == 0x38b || c == 0x38d || c == 0x3a2)
    return false;  // signs, and what is no character
  return (c >= 0xc0 && c <= 0x24f) || (c >= 0x388 && c <= 0x3f5) || (c >= 0x3f7 && c <= 0x481) ||
         (c >= 0x48a && c <= 0x52f);
}

std::string key_of(ByteView word) {
  if (codec::is_ascii(word)) return std::string(word);
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString parts = nfkd()->normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(word.data(), static_cast<int>(word.size()))), status);
  std::string out;
  for (int i = 0; i < parts.length();) {
    const auto c = static_cast<char32_t>(parts.char32At(i));
    i += c > 0xffff ? 2 : 1;
    const auto type = u_charType(static_cast<UChar32>(c));
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK ||
        type == U_FORMAT_CHAR)
      continue;
    if (const std::string_view as = spelled(c); !as.empty())
      out += as;
    else
      codec::append_utf8(out, c);
  }
  return out;
}

struct Tokenizer::Icu {
  UBreakIterator* words = nullptr;
  UText* text = nullptr;
  std::string lowered, folded, key;

  Icu() {
    UErrorCode status = U_ZERO_ERROR;
    words = ubrk_open(UBRK_WORD, "", nullptr, 0, &status);
  }
  ~Icu() {
    if (text) utext_close(text);
    if (words) ubrk_close(words);
  }
  Icu(const Icu&) = delete;
  Icu& operator=(const Icu&) = delete;

  void ascii(ByteView run, std::size_t at, const std::function<void(const Token&)>& take) {
    Token token{.key = run, .word = run, .begin = at, .end = at + run.size()};
    if (std::ranges::any_of(run, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      lowered.assign(run);
      for (char& c : lowered) c = lower(c);
      token.key = token.word = lowered;
    }
    token.cut = token.key.size() > kMaxToken;
    token.key = token.key.substr(0, kMaxToken);
    token.plain = run.starts_with(token.key);
    take(token);
  }

  // A run that is not all ASCII.
  void other(ByteView run, std::size_t at, const std::function<void(const Token&)>& take) {
    folded = codec::fold_case(run).value_or(std::string());
    UErrorCode status = U_ZERO_ERROR;
    text = utext_openUTF8(text, folded.data(), static_cast<std::int64_t>(folded.size()), &status);
    ubrk_setUText(words, text, &status);
    if (U_FAILURE(status)) return;
    int begin = ubrk_first(words);
    for (int end = ubrk_next(words); end != UBRK_DONE; begin = end, end = ubrk_next(words)) {
      const ByteView word(folded.data() + begin, static_cast<std::size_t>(end - begin));
      // Not what ICU says of its kind: to it, letters that are joined to a picture are none.
      if (!has_letters(word)) continue;
      key = key_of(word);
      if (key.empty()) continue;
      // Folding may move places; then the whole run stands for each of its words.
      const bool same = folded.size() == run.size();
      Token token{.key = codec::utf8_cut(key, kMaxToken),
                  .word = word,
                  .begin = same ? at + static_cast<std::size_t>(begin) : at,
                  .end = same ? at + static_cast<std::size_t>(end) : at + run.size()};
      token.cut = token.key.size() < key.size();
      token.plain = same && run.substr(static_cast<std::size_t>(begin)).starts_with(token.key);
      take(token);
    }
  }
};

Tokenizer::Tokenizer() : icu_(std::make_unique<Icu>()) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

bool Tokenizer::each(ByteView text, const std::function<void(const Token&)>& take) {
  bool whole = true;
  std::size_t at = 0;
  while (at < text.size()) {
    // A run begins here or at a later octet.
    std::size_t end = at;
    while (end < text.size() && ascii_word(text[end])) ++end;
    if (end == text.size() || !is_8bit(text[end])) {
      if (end > at) {
        icu_->ascii(text.substr(at, std::min(end - at, kMaxRun)), at, take);
        whole = whole && end - at <= kMaxRun;
      }
      at = end + 1;  // the divider
      continue;
    }
    bool ascii = true;
    std::size_t next = end;
    ByteView rest = text.substr(end);
    while (!rest.empty()) {
      const char32_t c = codec::take_utf8(rest);
      next = text.size() - rest.size();
      if (is_divider(c)) break;
      ascii = ascii && c < 0x80;
      end = next;
    }
    const ByteView run = text.substr(at, end - at);
    if (!run.empty()) {
      const ByteView looked_at = codec::utf8_cut(run, kMaxRun);
      if (ascii)
        icu_->ascii(looked_at, at, take);
      else
        icu_->other(looked_at, at, take);
      whole = whole && looked_at.size() == run.size();
    }
    at = next;
  }
  return whole;
}

}  // namespace chappe::post::search
