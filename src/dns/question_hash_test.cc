#include "dns/question_hash.h"

#include <gtest/gtest.h>

#include <set>

namespace chappe::dns {
namespace {

Question question(std::string_view name, Type type = Type::a) { return {Name::parse(name).value(), type}; }

TEST(QuestionHash, EqualQuestionsHaveOneValue) {
  SeededRandom random(1);
  const QuestionHash hash(random);
  EXPECT_EQ(hash(question("WWW.Example.org")), hash(question("www.example.ORG")));
  EXPECT_NE(hash(question("www.example.org")), hash(question("www.example.org", Type::aaaa)));
  EXPECT_NE(hash(question("www.example.org")), hash(question("example.org")));
  EXPECT_NE(hash(question(".")), hash(question(".", Type::mx)));
  // A difference of types does not make up for one of names: 27 lies between A and AAAA, and between these two.
  EXPECT_NE(hash(question("aaaaa\\128.org")), hash(question("aaaaae.org", Type::aaaa)));
}

TEST(QuestionHash, DependsOnItsSecret) {
  SeededRandom random(1);
  const QuestionHash one(random), other(random);
  EXPECT_NE(one(question("www.example.org")), other(question("www.example.org")));
}

// Names that differ in one octet, at each place of a coefficient, and in length only.
TEST(QuestionHash, NamesThatAreAlikeDoNotFallTogether) {
  SeededRandom random(2);
  const QuestionHash hash(random);
  constexpr std::size_t kBuckets = 100'003;
  std::set<std::size_t> values, buckets;
  std::size_t asked = 0;
  for (std::size_t size = 1; size <= 60; ++size)
    for (std::size_t place = 0; place < size; ++place)
      for (const char c : {'b', 'z', '-'}) {
        std::string label(size, 'a');
        label[place] = c;
        const std::size_t value = hash(question(label + ".example"));
        values.insert(value);
        buckets.insert(value % kBuckets);
        ++asked;
      }
  EXPECT_EQ(values.size(), asked);
  // Of n values that fall by chance, n * n / 2m meet another one: 150 of 5490.
  EXPECT_GT(buckets.size(), asked - 250);
}

}  // namespace
}  // namespace chappe::dns
