// Bodies: letters as they are stored, octet for octet, immutable, counted. A body is written by a Change, in the same
// batch as everything that refers to it, and goes with the Change that drops its last reference; so a reference without
// body cannot exist. One body belongs to one ingest and may be shared by mailboxes, accounts and the queue.
//
// Today a body is a header row and rows of at most kPieceSize octets (docs/formats/letters.md); reading a part reads
// only the pieces it touches. The codec id and the key id are reserved: 0 is plain, and the only one written.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "store/commit.h"

namespace chappe::store {

// 128 bits; what they mean is the caller's matter (post/letter_id.h).
struct BodyId {
  std::array<char, 16> octets{};
  ByteView view() const { return {octets.data(), octets.size()}; }
  auto operator<=>(const BodyId&) const = default;
};

// Names a body; kept inside the records that refer to it.
struct BodyRef {
  BodyId id;
  std::uint64_t size = 0;
  std::uint8_t codec = 0;
  std::uint32_t key = 0;
  bool operator==(const BodyRef&) const = default;
};

class Bodies {
 public:
  static constexpr std::size_t kPieceSize = 1024 * 1024;

  // `store` must outlive it.
  explicit Bodies(Store& store) : store_(store) {}

  // --- inside a Change

  // Writes a new body with `references` (at least 1) references. Shares the buffers of `octets`.
  // Errors: exists, if there is a body of this id.
  static Result<BodyRef> add(Txn& txn, BodyId id, const ChunkList& octets, std::uint32_t references);
  static Result<bool> exists(Txn& txn, BodyId id);
  // One more, or `count` more. Errors: not_found.
  static Result<void> retain(Txn& txn, BodyId id, std::uint32_t count = 1);
  // One less; with the last reference the body goes. Errors: not_found.
  static Result<void> release(Txn& txn, BodyId id, std::uint32_t count = 1);

  // --- from any executor

  // The octets [offset, offset + size), clipped to the body. Errors: not_found (released meanwhile), corrupt,
  // unsupported (a codec or key of a newer version), and those of the store.
  Task<Result<ChunkList>> read(BodyRef body, std::uint64_t offset, std::uint64_t size, Deadline deadline) const;
  // All of it. For a large letter this is as much memory: prefer parts.
  Task<Result<ChunkList>> read(BodyRef body, Deadline deadline) const;

 private:
  Store& store_;
};

}  // namespace chappe::store
