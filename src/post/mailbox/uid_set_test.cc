#include "post/mailbox/uid_set.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace chappe::post {
namespace {

using Ranges = std::vector<UidSet::Range>;

TEST(UidSet, RangesJoin) {
  UidSet s;
  s.add(5, 7);
  s.add(8, 9);
  EXPECT_EQ(s.ranges(), (Ranges{{5, 9}}));
  s.add(20, 11);
  s.add(1, 1);
  EXPECT_EQ(s.ranges(), (Ranges{{1, 1}, {5, 9}, {11, 20}}));
  s.add(10, 10);
  EXPECT_EQ(s.ranges(), (Ranges{{1, 1}, {5, 20}}));
  EXPECT_EQ(s.count(), 17u);
  s.add(0, 0);
  EXPECT_EQ(s.count(), 17u);
}

TEST(UidSet, TheEnds) {
  UidSet s = UidSet::all();
  EXPECT_EQ(s.count(), 0xffffffffu);
  EXPECT_TRUE(s.contains({0xffffffff}));
  EXPECT_TRUE(s.contains({1}));
  EXPECT_FALSE(s.contains({0}));
  s.add(3, 4);
  s.add(0xffffffff, 0xfffffff0);
  EXPECT_EQ(s, UidSet::all());
}

TEST(UidSet, AgreesWithASet) {
  SeededRandom random(5);
  for (int round = 0; round < 200; ++round) {
    UidSet s;
    std::set<std::uint32_t> model;
    for (int i = 0; i < 12; ++i) {
      const auto a = static_cast<std::uint32_t>(1 + random.below(60));
      const auto b = static_cast<std::uint32_t>(1 + random.below(60));
      if (random.below(2)) {
        s.add(a, b);
        for (auto u = std::min(a, b); u <= std::max(a, b); ++u) model.insert(u);
      } else {
        s.add(Uid{a});
        model.insert(a);
      }
      ASSERT_EQ(s.count(), model.size());
      for (std::uint32_t u = 1; u <= 61; ++u) ASSERT_EQ(s.contains({u}), model.contains(u));
      for (std::size_t k = 1; k < s.ranges().size(); ++k) ASSERT_GT(s.ranges()[k].first, s.ranges()[k - 1].last + 1);
    }
    std::vector<std::uint32_t> got;
    for (const Uid u : s.uids()) got.push_back(u.value);
    ASSERT_EQ(got, std::vector(model.begin(), model.end()));
  }
}

}  // namespace
}  // namespace chappe::post
