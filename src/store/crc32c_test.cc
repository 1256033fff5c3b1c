#include "store/crc32c.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace chappe::store {
namespace {

// RFC 3720 appendix B.4
TEST(Crc32c, KnownSums) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(Bytes(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(Bytes(32, '\xff')), 0x62a8ab43u);
  Bytes up, down;
  for (int i = 0; i < 32; ++i) {
    up.push_back(static_cast<char>(i));
    down.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(crc32c(up), 0x46dd794eu);
  EXPECT_EQ(crc32c(down), 0x113fdb5cu);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32c, TheWaysAgreeAndSumsGoOn) {
  SeededRandom random(1);
  for (int i = 0; i < 500; ++i) {
    const Bytes octets = random.bytes(random.below(300));
    const std::size_t cut = random.below(octets.size() + 1);
    const ByteView all = octets;
    EXPECT_EQ(crc32c(all), crc32c_by_table(all));
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
    EXPECT_EQ(crc32c_by_table(all.substr(cut), crc32c_by_table(all.substr(0, cut))), crc32c(all));
  }
}

}  // namespace
}  // namespace chappe::store
