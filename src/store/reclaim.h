// Gives back the space of segments that are mostly dead, or that packing makes smaller: what letters still name is
// copied behind the newest, packed where that pays, a change puts the new places for the old, and the segment goes.
// docs/formats/segments.md, "Reclaiming". A copy whose change does not come is garbage itself; so it may
// be interrupted anywhere.
#pragma once

#include <optional>

#include "store/commit.h"

namespace chappe::store {

struct ReclaimOptions {
  // A closed segment with a smaller share of living octets is emptied.
  double alive = 0.5;
  // So is one whose living octets packing would make smaller by this share, which is looked at once. Nothing: not now.
  // What is packed is written twice in all; attachments in base64 save 0.24.
  std::optional<double> saving = 0.15;
  std::uint64_t change = 1024 * 1024;  // octets moved by one change
  Duration pause{};                    // between changes: others use the disk, too
};

struct Reclaimed {
  std::uint32_t segments = 0;  // removed
  std::uint32_t packed = 0;    // emptied, because packing pays
  std::uint64_t moved = 0;     // octets
  std::uint32_t failed = 0;    // segments that cannot be read; they stay
};

// Goes through all segments once. `store` and `commit` must outlive it. Errors: those of the commit path.
Task<Result<Reclaimed>> reclaim(Store* store, Commit* commit, ReclaimOptions options, Deadline deadline);

}  // namespace chappe::store
