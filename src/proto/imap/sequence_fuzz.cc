// Sets as clients write them: what is accepted resolves to ascending, disjoint ranges, and means the same when it is
// written out and read again.

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/imap/sequence.h"

using namespace chappe;
using namespace chappe::proto::imap;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::uint32_t max = data[0] | data[1] << 8 | data[2] << 16;
  const auto set = SequenceSet::parse(fuzz::view(data, size).substr(3), 1000);
  if (!set) return 0;
  const auto ranges = set->resolve(max);
  std::uint64_t after = 0;
  for (const Range& r : ranges) {
    check(r.first > 0 && r.first <= r.last && (after == 0 || r.first > after));
    after = std::uint64_t{r.last} + 1;
    check(contains(ranges, r.first) && contains(ranges, r.last));
  }
  if (ranges.empty()) return 0;
  check(SequenceSet::of(ranges).resolve(max) == ranges && SequenceSet::of(ranges).largest() == ranges.back().last);
  Bytes text;
  write_ranges(text, ranges);
  const auto again = SequenceSet::parse(text, 1000);
  check(again && again->resolve(max) == ranges);
  return 0;
}
