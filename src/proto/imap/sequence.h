// Sets of message numbers or UIDs, as clients write them and as responses carry them (RFC 9051 §4.1.1, §9
// sequence-set).
//
// A SequenceSet keeps ranges, never single numbers, so that 1:4294967295 costs eight bytes; its size is capped where it
// is parsed. `*` stays unresolved until the mailbox is known. Plain values; nothing blocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::proto::imap {

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // inclusive
  bool operator==(const Range&) const = default;
};

class SequenceSet {
 public:
  // Stands for `*`, the largest number in use; no message has it.
  static constexpr std::uint32_t kStar = 0;

  // The whole of `text` as a sequence-set of at most `max_items` ranges; invalid or too_large otherwise.
  static Result<SequenceSet> parse(ByteView text, std::size_t max_items);
  // `$`, the result saved by the last SEARCH (RFC 9051 §6.4.4.1).
  static SequenceSet saved_result();
  static SequenceSet of(std::span<const Range> ranges);

  bool is_saved_result() const { return saved_; }
  bool has_star() const;
  // The largest number written out; 0 when there is none.
  std::uint32_t largest() const;
  // As written; `*` is kStar.
  const std::vector<Range>& written() const { return ranges_; }
  // Ascending, disjoint, not adjacent; `*` becomes `max`, and a range with `*` is empty when `max` is 0. n log n.
  // RFC 9051 §9 seq-range: 4:2 is 2:4, and 3291:* holds `*` even when that is less than 3291.
  std::vector<Range> resolve(std::uint32_t max) const;

 private:
  std::vector<Range> ranges_;
  bool saved_ = false;
};

// Whether ascending, disjoint `ranges` hold `number`; log n.
bool contains(std::span<const Range> ranges, std::uint32_t number);

// Ascending numbers to ranges, runs joined.
std::vector<Range> to_ranges(std::span<const std::uint32_t> ascending);

// Writes "2,4:7,9"; nothing for an empty list, which the grammar cannot say.
void write_ranges(Bytes& out, std::span<const Range> ranges);

}  // namespace chappe::proto::imap
