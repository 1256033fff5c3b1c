// Octets that are too large for a row: parts of letters, beside the ordered keys. A letter on its way flows in as it
// comes (Flow); where its parts stand is written into rows by the change that takes it (store/bodies.h), and that
// change makes them durable. What no change names is garbage.
//
// Parts stand in segments, in the order of their coming, many letters mixed. Space comes back segment by segment: what
// is alive is copied into a new one (store/reclaim.h), and when no row names a part of a segment, it is removed. Rows
// count what is alive (Bodies), so the form only looks whether a count is there.
//
// A form of the store has one Extents; it lives as long as the store. Any executor, any thread. Nothing here blocks an
// executor, except when the store was opened without an offload pool.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/task.h"

namespace chappe::store {

using net::Deadline;
using net::Task;

// A place in the segments.
struct Position {
  std::uint32_t segment = 0;  // from 1 on; 0: nowhere
  std::uint32_t offset = 0;
  auto operator<=>(const Position&) const = default;
};

// A part of a letter; stands in the letter's row.
struct Extent {
  Position at;
  std::uint32_t size = 0;   // as it is stored
  std::uint32_t check = 0;  // CRC-32C of that
  std::uint32_t plain = 0;  // of a packed one (zstd): its size before; else 0
  // Of the letter.
  std::uint32_t octets() const { return plain != 0 ? plain : size; }
  bool operator==(const Extent&) const = default;
};

// Whose octets they are: the id of a letter.
using Identity = std::array<char, 16>;

// A letter on its way. One owner, one call at a time. Must not outlive the store.
class Flow {
 public:
  static constexpr std::uint32_t kExtent = 256 * 1024;

  virtual ~Flow() = default;
  // Returns when all full extents have been written, so that whoever waits for it never holds more than one. Errors:
  // no_space, read_only, io, busy; then the letter must be given up.
  virtual Task<Result<void>> append(ChunkList octets, Deadline deadline) = 0;
  // Writes the rest. All is durable with the next batch. No segment with a part of it is removed before this object
  // goes: keep it until the change that names the extents is durable.
  virtual Task<Result<std::vector<Extent>>> finish(Deadline deadline) = 0;
  // A batch names them: they are not garbage. Quick; any thread.
  virtual void kept() = 0;
};

class Extents {
 public:
  struct Segment {
    std::uint32_t number = 0;
    std::uint64_t size = 0;  // octets on the disk
    bool closed = false;     // nothing is added any more
  };
  struct Part {
    Identity identity{};
    Position at;
    std::uint32_t size = 0;
    std::uint32_t check = 0;
  };

  virtual ~Extents() = default;

  // `pack`: extents are stored packed where that saves an eighth at least. Costs time; for copies.
  virtual std::unique_ptr<Flow> flow(const Identity& identity, bool pack = false) = 0;
  // All of it, checked and unpacked. Errors: not_found (it was moved: look into its row again), corrupt, and those of
  // the store.
  virtual Task<Result<Chunk>> read(Extent extent, Deadline deadline) = 0;
  // How many octets a packed copy would save; 0 when it is packed already, or not worth it. Errors: as read().
  virtual Task<Result<std::uint32_t>> saving(Extent extent, Deadline deadline) = 0;

  // --- for who reclaims and verifies

  // Oldest first.
  virtual Task<Result<std::vector<Segment>>> segments(Deadline deadline) = 0;
  // The parts that stand in a closed segment, alive or not. Errors: not_found, corrupt.
  virtual Task<Result<std::vector<Part>>> parts(std::uint32_t segment, Deadline deadline) = 0;
  // Removes the segments that nothing needs: no row counts a part of them. How many.
  virtual Task<Result<std::uint32_t>> sweep(Deadline deadline) = 0;
};

}  // namespace chappe::store
