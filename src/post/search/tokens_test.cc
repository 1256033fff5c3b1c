#include "post/search/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "post/search/stems.h"
#include "post/search/text.h"

namespace chappe::post::search {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> words(ByteView text) {
  Tokenizer t;
  std::vector<std::string> out;
  t.each(text, [&](const Token& token) { out.emplace_back(token.key); });
  return out;
}

TEST(Tokens, WordsOfAscii) {
  EXPECT_THAT(words("Hello, World!"), ElementsAre("hello", "world"));
  EXPECT_THAT(words("john.doe@example.com"), ElementsAre("john", "doe", "example", "com"));
  EXPECT_THAT(words("it's 3.14"), ElementsAre("it", "s", "3", "14"));
  EXPECT_THAT(words("snake_case re-use"), ElementsAre("snake", "case", "re", "use"));
  EXPECT_THAT(words(""), ElementsAre());
  EXPECT_THAT(words("  ... "), ElementsAre());
}

TEST(Tokens, CaseAndAccentsAreFolded) {
  EXPECT_THAT(words("Été À LA GARE"), ElementsAre("ete", "a", "la", "gare"));
  EXPECT_THAT(words("cœur Œuvre"), ElementsAre("coeur", "oeuvre"));
  EXPECT_THAT(words("Straße STRASSE"), ElementsAre("strasse", "strasse"));
  EXPECT_THAT(words("e\u0301te\u0301 \u00e9t\u00e9"), ElementsAre("ete", "ete"));
  EXPECT_THAT(words("l’idée « neuve »"), ElementsAre("l", "idee", "neuve"));
  EXPECT_THAT(words("Ελλάδα Привет"), ElementsAre("ελλαδα", "привет"));
  EXPECT_THAT(words("ﬁn"), ElementsAre("fin"));
}

TEST(Tokens, ScriptsWithoutBlanks) {
  EXPECT_FALSE(words("日本語のテキスト").empty());
  EXPECT_GT(words("我们去北京大学").size(), 1u);
  EXPECT_THAT(words("a\u3000b"), ElementsAre("a", "b"));
}

TEST(Tokens, PlacesInTheText) {
  Tokenizer t;
  const std::string text = "The «Été» of 42";
  std::vector<std::string> seen;
  t.each(text, [&](const Token& token) { seen.push_back(text.substr(token.begin, token.end - token.begin)); });
  EXPECT_THAT(seen, ElementsAre("The", "Été", "of", "42"));
}

TEST(Tokens, LongOnesAreCutAndSaySo) {
  Tokenizer t;
  const std::string text = std::string(kMaxToken, 'a') + " " + std::string(kMaxToken + 1, 'b');
  std::vector<bool> cut;
  EXPECT_TRUE(t.each(text, [&](const Token& token) {
    EXPECT_EQ(token.key.size(), kMaxToken);
    cut.push_back(token.cut);
  }));
  EXPECT_THAT(cut, ElementsAre(false, true));
  EXPECT_FALSE(t.each(std::string(kMaxRun + 1, 'x'), [](const Token&) {}));
  std::string accents;
  for (std::size_t i = 0; i <= kMaxRun; ++i) accents += "é";
  EXPECT_FALSE(t.each(accents, [](const Token& token) { EXPECT_TRUE(token.cut); }));
}

// What narrow.h builds on: what stands between two dividers has the same words, whatever stands around it, and a row of
// solid characters is never divided.
TEST(Tokens, ARunIsByItself) {
  SeededRandom random(7);
  const std::vector<std::string> pieces = {
      "a",  "B", "7", "é", "œ", "ß", "e\u0301", "\u0301", "’", ".", "'",  "_",  "中", "文", "の",
      "テ", "ก", "ข", "λ", "ж", "İ", "\u200d",  "\u00ad", "½", "א", "한", "글", "👍", "ﬁ",  "\u0345"};
  const auto some = [&](std::size_t most) {
    std::string out;
    for (std::size_t n = random.below(most + 1); n > 0; --n) out += pieces[random.below(pieces.size())];
    return out;
  };
  for (int round = 0; round < 3000; ++round) {
    const std::string run = some(6), before = some(4), after = some(4);
    const std::string text = caseless(before + " " + run + " " + after);
    auto expected = words(caseless(before));
    for (const auto& w : words(caseless(run))) expected.push_back(w);
    for (const auto& w : words(caseless(after))) expected.push_back(w);
    ASSERT_EQ(words(text), expected) << text;
  }
  const std::vector<std::string> solid = {"a", "z", "0", "9", "é", "ß", "λ", "ω", "ж", "я", "ğ", "ȟ"};
  for (int round = 0; round < 3000; ++round) {
    std::string middle;
    for (std::size_t n = 1 + random.below(5); n > 0; --n) middle += solid[random.below(solid.size())];
    const std::string text = caseless(some(3) + middle + some(3));
    const std::string inner = caseless(middle);
    if (text.find(inner) == std::string::npos) continue;  // it was composed with what follows
    const auto all = words(text);
    const std::string key = key_of(inner);
    ASSERT_TRUE(std::ranges::any_of(all, [&](const std::string& w) { return w.contains(key); }))
        << text << " " << inner;
  }
}

TEST(Stems, EnglishAndFrench) {
  Stemmer s;
  EXPECT_EQ(s.stem(Language::english, "running"), s.stem(Language::english, "runs"));
  EXPECT_EQ(s.stem(Language::english, "invoices"), s.stem(Language::english, "invoice"));
  EXPECT_EQ(s.stem(Language::french, "réunions"), s.stem(Language::french, "réunion"));
  EXPECT_EQ(s.stem(Language::french, "chevaux"), s.stem(Language::french, "cheval"));
  EXPECT_EQ(s.stem(Language::french, "préférées"), "prefer");
  const std::string huge(1000, 'e');
  EXPECT_EQ(s.stem(Language::english, huge).size(), kMaxToken);
}

TEST(Stems, TheLanguageIsGuessed) {
  const auto guess = [](ByteView text) {
    LanguageGuess g;
    for (const std::string& w : words(text)) g.see(w);
    return g.languages();
  };
  EXPECT_THAT(guess("The letter is on the table, and we will send it to you"), ElementsAre(true, false));
  EXPECT_THAT(guess("La lettre est sur la table, et nous vous l'envoyons"), ElementsAre(false, true));
  EXPECT_THAT(guess("xyzzy"), ElementsAre(true, true));
}

}  // namespace
}  // namespace chappe::post::search
