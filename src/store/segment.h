// What stands in a segment file of the log, octet by octet (docs/formats/segments.md): a header, records one behind the
// other, and at the end, when it was sealed, an index of them. Here are the pure functions between octets and their
// meaning, and a walk from record to record. Who writes segments, and when, is store/log.h.
//
// A record is believed when its sum holds. The sum begins with the salt of its segment, a random number that is new for
// every file; so what an earlier file left on the same disk space, or what somebody put into a letter to look like a
// record, is not believed.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "store/extents.h"
#include "store/files.h"

namespace chappe::store {

struct SegmentHeader {
  static constexpr std::size_t kSize = 1024;  // two copies, a sector each; records begin behind

  std::uint64_t log = 0;  // which log it belongs to, a random number
  std::uint32_t number = 0;
  std::uint64_t salt = 0;
  std::uint64_t first_sequence = 0;  // of its first record
  Position previous_end;             // where the log ended before; segment 0 in the first one

  bool operator==(const SegmentHeader&) const = default;
};

enum class RecordKind : std::uint8_t {
  extent = 1,  // a part of a letter
  batch = 2,   // what the metadata store is to apply
  index = 3,   // seals the segment
};

struct RecordHeader {
  static constexpr std::size_t kSize = 64;

  RecordKind kind = RecordKind::extent;
  std::uint32_t size = 0;      // of what follows the header
  std::uint32_t check = 0;     // its CRC-32C
  Position at;                 // of the header itself
  std::uint64_t sequence = 0;  // consecutive through all of the log, from 1 on
  std::uint64_t durable = 0;   // every record before this number was synced when this one was written
  Identity identity{};
  std::uint32_t part = 0;  // of the identity's extents, from 0 on

  std::uint32_t end() const { return at.offset + total(size); }
  // With header, and filled up to a multiple of 8.
  static constexpr std::uint32_t total(std::uint32_t size) { return kSize + ((size + 7) & ~std::uint32_t{7}); }
  bool operator==(const RecordHeader&) const = default;
};

struct IndexEntry {
  static constexpr std::size_t kSize = 32;

  RecordKind kind = RecordKind::extent;
  std::uint32_t offset = 0;  // of the header
  std::uint32_t size = 0;
  std::uint32_t check = 0;
  Identity identity{};

  bool operator==(const IndexEntry&) const = default;
};

inline constexpr std::size_t kTrailerSize = 32;
// What an index of so many records takes, header and trailer included.
constexpr std::uint32_t index_space(std::size_t records) {
  return RecordHeader::total(static_cast<std::uint32_t>(records * IndexEntry::kSize)) + kTrailerSize;
}

Bytes encode(const SegmentHeader& header);
// Nothing: neither copy is good.
std::optional<SegmentHeader> decode_segment_header(ByteView octets);

std::array<char, RecordHeader::kSize> encode(const RecordHeader& header, std::uint64_t salt);
std::optional<RecordHeader> decode_record_header(ByteView octets, std::uint64_t salt);

Bytes encode(const std::vector<IndexEntry>& entries);
Result<std::vector<IndexEntry>> decode_index(ByteView octets);
// The last octets of a sealed file: where its index is.
Bytes encode_trailer(std::uint32_t index_offset, const SegmentHeader& segment);
std::optional<std::uint32_t> decode_trailer(ByteView octets, const SegmentHeader& segment);

// Goes through the records of one segment by their headers, reading what lies between only where it is cheaper than to
// skip it. `file` must outlive it.
class SegmentWalk {
 public:
  // From `offset`, where the record `sequence` is expected, up to `end`.
  SegmentWalk(const File& file, const SegmentHeader& segment, std::uint32_t offset, std::uint64_t sequence,
              std::uint64_t end = ~std::uint64_t{0});

  // Nothing: here is no record that belongs here. Behind an index there is none.
  Result<std::optional<RecordHeader>> next();
  // Where the next record is expected.
  std::uint32_t offset() const { return offset_; }
  std::uint64_t sequence() const { return sequence_; }
  // Where next() gave nothing: goes on at the next record of this segment that stands further on, whatever is between.
  // False: there is none. For salvage only: who opens the log skips nothing.
  Result<bool> go_on();
  // What the record holds, checked. Errors: corrupt.
  Result<Bytes> payload(const RecordHeader& record) const;
  // The largest `durable` of the records of this segment that stand somewhere behind the place where the walk ended: if
  // it is above sequence(), what is expected here was synced once, and is not a torn end but damage. 0: none.
  Result<std::uint64_t> durable_beyond() const;

 private:
  Result<ByteView> look(std::uint64_t offset, std::size_t size);
  // Told each record of this segment that stands behind the place where the walk ended, until it says "enough".
  Result<void> search(const std::function<bool(const RecordHeader&)>& enough) const;

  const File& file_;
  const SegmentHeader segment_;
  std::uint32_t offset_;
  std::uint64_t sequence_;
  std::uint64_t end_;
  bool sealed_ = false;
  Bytes buffer_;
  std::uint64_t buffer_at_ = 0;
  std::size_t window_ = 0;
};

// All records of a segment, which end at `end`: from its index when it has a good one, else by walking. Errors: corrupt
// (the walk did not come to the end).
Result<std::vector<IndexEntry>> read_index(const File& file, const SegmentHeader& segment, std::uint64_t end);

}  // namespace chappe::store
