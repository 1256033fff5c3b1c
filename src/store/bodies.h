// Bodies: letters as they are stored, octet for octet, immutable, counted. A letter's octets are given to a Draft as
// they come; a Change makes a body of it, in the same batch as everything that refers to it, and the body goes with the
// Change that drops its last reference; so a reference without body cannot exist. One body belongs to one ingest and
// may be shared by mailboxes, accounts and the queue.
//
// A small body is a row, a large one stands in extents (store/extents.h), and a row says where. Reading a part reads
// only what it touches. docs/formats/letters.md. The codec id and the key id are reserved: 0 is plain, and the only one
// written.
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

// A letter on its way. Up to an extent of it is held in memory; the rest has been written. One owner, one call at a
// time; must not outlive the store. What is never made a body is garbage that is reclaimed.
class Draft {
 public:
  Draft(Store& store, BodyId id) : store_(store), id_(id) {}
  virtual ~Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  // Puts it behind what there is. Returns when not more than one extent is held. After an error the letter must be
  // given up. Errors: no_space, read_only, io, busy, timeout, cancelled.
  virtual Task<Result<void>> append(ChunkList octets, Deadline deadline);
  // Nothing comes behind. To be called before a Change makes a body of it.
  Task<Result<void>> finish(Deadline deadline);

  std::uint64_t size() const { return size_; }
  const BodyId& id() const { return id_; }

 private:
  friend class Bodies;
  Store& store_;
  const BodyId id_;
  std::uint64_t size_ = 0;
  ChunkList held_;
  std::unique_ptr<Flow> flow_;  // of a letter that is too large for a row
  std::vector<Extent> extents_;
  bool finished_ = false;
};

// Of a letter that is in memory already: appended and finished.
Task<Result<std::shared_ptr<Draft>>> draft_of(Store* store, BodyId id, ChunkList octets, Deadline deadline);

class Bodies {
 public:
  // A letter of so many octets is a row (house rule, docs/decisions/0003-store-engine.md).
  static constexpr std::size_t kRow = 16 * 1024;
  // What a Change may put before a draft.
  static constexpr std::size_t kMaxFront = 256 * 1024;

  // `store` must outlive it.
  explicit Bodies(Store& store) : store_(store) {}

  // --- inside a Change

  // A new body of `front` and then the draft, with `references` (at least 1) references. Errors: exists, if there is a
  // body of this id; too_large (the front).
  static Result<BodyRef> add(Txn& txn, std::shared_ptr<Draft> draft, const ChunkList& front, std::uint32_t references);
  static Result<bool> exists(Txn& txn, BodyId id);
  // One more, or `count` more. Errors: not_found.
  static Result<void> retain(Txn& txn, BodyId id, std::uint32_t count = 1);
  // One less; with the last reference the body goes. Errors: not_found.
  static Result<void> release(Txn& txn, BodyId id, std::uint32_t count = 1);

  // --- from any executor

  // The octets [offset, offset + size), clipped to the body. What is read is whole extents: in steps of Flow::kExtent a
  // large letter is read once. Errors: not_found (released meanwhile), corrupt, unsupported (a codec or key of a newer
  // version), and those of the store.
  Task<Result<ChunkList>> read(BodyRef body, std::uint64_t offset, std::uint64_t size, Deadline deadline) const;
  // All of it. For a large letter this is as much memory: prefer parts.
  Task<Result<ChunkList>> read(BodyRef body, Deadline deadline) const;

 private:
  Store& store_;
};

}  // namespace chappe::store
