#include "base/bytes.h"

#include <gtest/gtest.h>

namespace chappe {
namespace {

TEST(ChunkList, AppendCopyFillsTheRoomOfItsLastBuffer) {
  ChunkList list;
  for (int i = 0; i < 1000; ++i) list.append_copy("0123456789");
  EXPECT_EQ(list.size(), 10'000u);
  EXPECT_EQ(list.chunks().size(), 1u);
  EXPECT_EQ(list.flatten().substr(9'990), "0123456789");
}

TEST(ChunkList, SharedBytesDoNotMoveWhenMoreIsAppended) {
  ChunkList list("abc");
  const ChunkList slice = list.slice(1, 2);
  list.append_copy("def");
  EXPECT_EQ(slice.flatten(), "bc");
  EXPECT_EQ(list.flatten(), "abcdef");
  EXPECT_EQ(list.chunks().size(), 2u) << "the first buffer is shared, so a second one is taken";
}

TEST(ChunkList, SliceClipsAndCrossesChunks) {
  ChunkList list;
  list.append(Chunk::copy_of("hello "));
  list.append(Chunk::copy_of("world"));
  EXPECT_EQ(list.slice(3, 5).flatten(), "lo wo");
  EXPECT_EQ(list.slice(8, 100).flatten(), "rld");
  EXPECT_EQ(list.slice(100, 1).size(), 0u);
}

TEST(ChunkList, MovedFromIsReusable) {
  ChunkList a("abc");
  ChunkList b = std::move(a);
  a.clear();
  a.append_copy("x");
  a.prepend(ChunkList("y"));
  EXPECT_EQ(a.flatten(), "yx");
  EXPECT_EQ(b.flatten(), "abc");
}

TEST(ChunkList, LargeCopySpansBuffers) {
  const Bytes big(3 * Buffer::kSize + 7, 'x');
  ChunkList list(big);
  EXPECT_EQ(list.chunks().size(), 4u);
  EXPECT_EQ(list.flatten(), big);
}

}  // namespace
}  // namespace chappe
