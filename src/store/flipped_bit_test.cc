#include "store/flipped_bit.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/crc32c.h"

namespace chappe::store {
namespace {

TEST(FlippedBit, IsFoundWhereverItIs) {
  SeededRandom random(1);
  for (const std::size_t size : {1, 7, 64, 4096, 100'000}) {
    const Bytes right = random.bytes(size);
    for (int n = 0; n < 50; ++n) {
      Bytes wrong = right;
      const std::size_t at = n == 0 ? 0 : n == 1 ? size - 1 : random.below(size);
      const auto mask = static_cast<unsigned char>(1 << random.below(8));
      wrong[at] = static_cast<char>(wrong[at] ^ mask);
      const auto found = find_flipped_bit(size, crc32c(wrong), crc32c(right));
      ASSERT_TRUE(found);
      EXPECT_EQ(found->octet, at);
      EXPECT_EQ(found->mask, mask);
    }
  }
}

TEST(FlippedBit, WhatIsWellOrDamagedOtherwiseHasNone) {
  SeededRandom random(2);
  const Bytes right = random.bytes(4096);
  EXPECT_FALSE(find_flipped_bit(right.size(), crc32c(right), crc32c(right)));
  EXPECT_FALSE(find_flipped_bit(0, 0, 1));
  for (int n = 0; n < 100; ++n) {
    Bytes wrong = right;
    const std::size_t at = random.below(right.size() - 512);
    random.fill({wrong.data() + at, 512});
    EXPECT_FALSE(find_flipped_bit(right.size(), crc32c(wrong), crc32c(right)));
  }
}

}  // namespace
}  // namespace chappe::store
