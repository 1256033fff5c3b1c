// The rows of bodies, and of the segments that large ones stand in (docs/formats/letters.md): keys and values. Pure
// functions. Decoders take any octets: what does not read back is Errc::corrupt, a newer version Errc::unsupported.
#pragma once

#include <vector>

#include "store/bodies.h"
#include "store/keys.h"

namespace chappe::store {

struct BodyHeader {
  std::uint64_t size = 0;
  std::uint8_t codec = 0;
  std::uint32_t key = 0;
  std::uint32_t references = 0;
  bool operator==(const BodyHeader&) const = default;
};

// Where a large body stands: octets that are kept in this row, and behind them those of the extents.
struct BodyExtents {
  Bytes front;
  std::vector<Extent> extents;
  bool operator==(const BodyExtents&) const = default;
};

Bytes body_key(const BodyId& id);
Bytes piece_key(const BodyId& id, std::uint32_t n);
Bytes extents_key(const BodyId& id);
Bytes segment_key(std::uint32_t segment);

Bytes encode(const BodyHeader& header);
Result<BodyHeader> decode_body_header(ByteView octets);
Bytes encode(const BodyExtents& extents);
Result<BodyExtents> decode_body_extents(ByteView octets);
// How many octets of the segment rows name.
Bytes encode_segment_row(std::uint64_t alive);
Result<std::uint64_t> decode_segment_row(ByteView octets);

// Segments up to this number were looked at, whether packing them pays: a row of the settings.
Bytes weighed_key();
Bytes encode_weighed(std::uint32_t segment);
Result<std::uint32_t> decode_weighed(ByteView octets);

// Adds to what is alive in a segment, or takes from it; one of which nothing is alive has no row. Errors: corrupt, when
// it counts less than is taken.
Result<void> count_alive(Txn& txn, std::uint32_t segment, std::int64_t change);

}  // namespace chappe::store
