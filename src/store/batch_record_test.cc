#include "store/batch_record.h"

#include <gtest/gtest.h>

namespace chappe::store {
namespace {

Bytes flat(const Batch& batch) {
  Bytes out;
  const BatchRecord record(batch);
  for (const ByteView part : record.parts()) out += part;
  return out;
}

Batch of_all_kinds() {
  Batch batch;
  batch.put("a", "1");
  batch.put("b", Bytes(100'000, 'x'));
  ChunkList chunks("small");
  batch.put("c", chunks);
  chunks.append(Chunk::copy_of(Bytes(5'000, 'y')));
  batch.put("d", chunks);
  batch.remove("e");
  batch.remove(Range{"f", "g"});
  batch.remove(Range{Bytes("h\0", 2), ""});
  batch.put(Bytes(300, 'k'), "");
  return batch;
}

TEST(BatchRecord, IsReadBackInOrder) {
  const Batch batch = of_all_kinds();
  std::size_t n = 0;
  ASSERT_TRUE(read_batch(flat(batch), [&](Batch::Kind kind, ByteView key, ByteView value) -> Result<void> {
    const Batch::Op& op = batch.ops().at(n++);
    EXPECT_EQ(kind, op.kind);
    EXPECT_EQ(key, op.key);
    EXPECT_TRUE(value == (op.chunks.empty() ? op.value : op.chunks.flatten()));
    return {};
  }));
  EXPECT_EQ(n, batch.ops().size());
}

TEST(BatchRecord, NothingThatIsCutOffIsTakenForAnother) {
  const Bytes whole = flat(of_all_kinds());
  for (std::size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 997) {
    std::size_t n = 0;
    const auto read = read_batch(ByteView(whole).substr(0, size), [&](Batch::Kind, ByteView, ByteView) -> Result<void> {
      ++n;
      return {};
    });
    // At the end of an operation it is a shorter batch: that it is whole says the sum of its record.
    EXPECT_LT(n, of_all_kinds().ops().size());
    if (!read) EXPECT_EQ(read.error().code(), Errc::corrupt);
  }
  EXPECT_EQ(read_batch("\x02", {}).error().code(), Errc::unsupported);
}

}  // namespace
}  // namespace chappe::store
