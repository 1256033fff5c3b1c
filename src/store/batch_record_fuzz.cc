// A batch of the log, as damaged as it may be: what can be read is read again from what is written of it.
#include <cstdlib>
#include <utility>
#include <vector>

#include "store/batch_record.h"

using namespace chappe;  // NOLINT

namespace {

struct Op {
  store::Batch::Kind kind;
  Bytes key, value;
  bool operator==(const Op&) const = default;
};

Result<void> read(ByteView in, std::vector<Op>* out) {
  return store::read_batch(in, [&](store::Batch::Kind kind, ByteView key, ByteView value) -> Result<void> {
    out->push_back({kind, Bytes(key), Bytes(value)});
    return {};
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<Op> ops;
  if (!read({reinterpret_cast<const char*>(data), size}, &ops)) return 0;
  store::Batch batch;
  std::vector<Op> expected;
  for (const Op& op : ops) {
    const store::Range range{op.key, op.value};
    if (op.kind == store::Batch::Kind::put) batch.put(op.key, op.value);
    if (op.kind == store::Batch::Kind::remove) batch.remove(op.key);
    if (op.kind == store::Batch::Kind::remove_range) batch.remove(range);
    // An empty range is not written.
    if (op.kind != store::Batch::Kind::remove_range || !range.empty()) expected.push_back(op);
  }
  Bytes again;
  const store::BatchRecord record(batch);
  for (const ByteView part : record.parts()) again += part;
  std::vector<Op> seen;
  if (!read(again, &seen) || seen != expected) std::abort();
  return 0;
}
