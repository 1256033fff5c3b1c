// A batch as it stands in the log (docs/formats/segments.md, "Batch"): a version octet, then each operation in order.
// Assertions are not written: they held when it was. Pure functions.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "store/store.h"

namespace chappe::store {

// The octets, as views into the batch and into this object: values are not copied. Must not outlive `batch`.
class BatchRecord {
 public:
  explicit BatchRecord(const Batch& batch);
  BatchRecord(const BatchRecord&) = delete;
  BatchRecord& operator=(const BatchRecord&) = delete;

  std::span<const ByteView> parts() const { return parts_; }

 private:
  Bytes small_;  // everything but large values
  std::vector<ByteView> parts_;
};

// Hands over each operation, in order; of a removal `value` is empty, of a removed range it is the end. Any octets are
// taken: Errc::corrupt, or unsupported for a newer version, and what stood before the fault has then been handed over.
using BatchVisitor = std::function<Result<void>(Batch::Kind kind, ByteView key, ByteView value)>;
Result<void> read_batch(ByteView octets, const BatchVisitor& visit);

}  // namespace chappe::store
