#include "store/bodies.h"

#include <algorithm>
#include <map>

#include "store/body_rows.h"

namespace chappe::store {
namespace {

// What one row of a small body holds. Format 1 had large letters in such rows, too.
constexpr std::uint64_t kPiece = 1024 * 1024;
// Above this a body hardly is a row: which of the two places is looked into first.
constexpr std::uint64_t kSurelyLarge = 2 * Bodies::kRow;
// A body that is moved while it is read is looked up anew.
constexpr int kTries = 5;

Result<BodyHeader> header(Txn& txn, const BodyId& id) {
  const auto row = TRY(txn.get(body_key(id)));
  if (!row) return fail(Errc::not_found, "the body of the letter is gone");
  return decode_body_header(row->view());
}

// Adds to (or takes from) what is alive in the segments of `extents`.
Result<void> count(Txn& txn, const std::vector<Extent>& extents, bool more) {
  std::map<std::uint32_t, std::int64_t> sums;
  for (const Extent& e : extents) sums[e.at.segment] += more ? std::int64_t{e.size} : -std::int64_t{e.size};
  for (const auto& [segment, change] : sums) TRY(count_alive(txn, segment, change));
  return {};
}

std::unexpected<Error> gone() { return fail(Errc::not_found, "the body of the letter is gone"); }

// The octets [offset, offset + size) of a body in pieces; nothing when it has none.
Task<Result<std::optional<ChunkList>>> read_pieces(Store* store, BodyRef body, std::uint64_t offset, std::uint64_t size,
                                                   Deadline deadline) {
  ChunkList out;
  for (std::uint64_t n = offset / kPiece; out.size() < size; ++n) {
    const auto row = CO_TRY(co_await store->get(piece_key(body.id, static_cast<std::uint32_t>(n)), deadline));
    if (!row) {
      if (out.empty()) co_return std::nullopt;
      co_return gone();
    }
    if (row->size() != std::min<std::uint64_t>(kPiece, body.size - n * kPiece))
      co_return fail(Errc::corrupt, "a piece of a letter has the wrong size");
    const std::size_t skip = n == offset / kPiece ? offset % kPiece : 0;
    const std::size_t take = std::min<std::uint64_t>(row->size() - skip, size - out.size());
    out.append(row->slice(skip, take));
  }
  co_return out;
}

// The same of a body in extents.
Task<Result<std::optional<ChunkList>>> read_extents(Store* store, BodyRef body, std::uint64_t offset,
                                                    std::uint64_t size, Deadline deadline) {
  const auto row = CO_TRY(co_await store->get(extents_key(body.id), deadline));
  if (!row) co_return std::nullopt;
  const BodyExtents where = CO_TRY(decode_body_extents(row->view()));
  ChunkList out;
  std::uint64_t at = where.front.size();  // of the extent in the body
  if (offset < at) out.append_copy(ByteView(where.front).substr(offset, size));
  for (const Extent& e : where.extents) {
    if (out.size() == size) break;
    const std::uint64_t from = offset + out.size();
    if (from < at + e.octets()) {
      const Chunk octets = CO_TRY(co_await store->extents().read(e, deadline));
      out.append(octets.slice(from - at, std::min<std::uint64_t>(at + e.octets() - from, size - out.size())));
    }
    at += e.octets();
  }
  if (out.size() != size) co_return fail(Errc::corrupt, "a letter has fewer octets than its record says");
  co_return out;
}

}  // namespace

// --- Draft

Task<Result<void>> Draft::append(ChunkList octets, Deadline deadline) {
  size_ += octets.size();
  held_.append(std::move(octets));
  if (held_.size() <= Flow::kExtent) co_return Result<void>();
  if (!flow_) flow_ = store_.extents().flow(id_.octets);
  co_return co_await flow_->append(std::exchange(held_, {}), deadline);
}

Task<Result<void>> Draft::finish(Deadline deadline) {
  finished_ = true;
  if (size_ <= Bodies::kRow) co_return Result<void>();
  if (!flow_) flow_ = store_.extents().flow(id_.octets);
  if (!held_.empty()) CO_TRY(co_await flow_->append(std::exchange(held_, {}), deadline));
  extents_ = CO_TRY(co_await flow_->finish(deadline));
  co_return Result<void>();
}

Task<Result<std::shared_ptr<Draft>>> draft_of(Store* store, BodyId id, ChunkList octets, Deadline deadline) {
  auto draft = std::make_shared<Draft>(*store, id);
  CO_TRY(co_await draft->append(std::move(octets), deadline));
  CO_TRY(co_await draft->finish(deadline));
  co_return draft;
}

// --- Bodies

Result<BodyRef> Bodies::add(Txn& txn, std::shared_ptr<Draft> draft, const ChunkList& front, std::uint32_t references) {
  if (!draft->finished_) return fail(Errc::bug, "a letter was not finished before it was taken");
  const BodyId id = draft->id_;
  if (TRY(exists(txn, id))) return fail(Errc::exists, "there is a body of this id already");
  if (front.size() > kMaxFront) return fail(Errc::too_large, "what is put before the letter is too large");
  const BodyHeader h{.size = front.size() + draft->size_, .references = references};
  txn.put(body_key(id), encode(h));
  if (draft->flow_) {
    txn.put(extents_key(id), encode(BodyExtents{front.flatten(), draft->extents_}));
    TRY(count(txn, draft->extents_, true));
    txn.on_durable([draft = std::move(draft)] { draft->flow_->kept(); });
  } else if (h.size > 0) {
    ChunkList whole = front;
    whole.append(draft->held_);
    txn.put(piece_key(id, 0), std::move(whole));
  }
  return BodyRef{id, h.size, h.codec, h.key};
}

Result<bool> Bodies::exists(Txn& txn, BodyId id) { return TRY(txn.get(body_key(id))).has_value(); }

Result<void> Bodies::retain(Txn& txn, BodyId id, std::uint32_t count) {
  BodyHeader h = TRY(header(txn, id));
  if (h.references > ~std::uint32_t{0} - count) return fail(Errc::too_large, "a body has too many references");
  h.references += count;
  txn.put(body_key(id), encode(h));
  return {};
}

Result<void> Bodies::release(Txn& txn, BodyId id, std::uint32_t count) {
  BodyHeader h = TRY(header(txn, id));
  if (h.references > count) {
    h.references -= count;
    txn.put(body_key(id), encode(h));
    return {};
  }
  txn.remove(body_key(id));
  if (h.size > kRow) {
    if (const auto row = TRY(txn.get(extents_key(id)))) {
      txn.remove(extents_key(id));
      return store::count(txn, TRY(decode_body_extents(row->view())).extents, false);
    }
  }
  for (std::uint64_t n = 0; n * kPiece < h.size; ++n) txn.remove(piece_key(id, static_cast<std::uint32_t>(n)));
  return {};
}

Task<Result<ChunkList>> Bodies::read(BodyRef body, Deadline deadline) const {
  return read(body, 0, body.size, deadline);
}

Task<Result<ChunkList>> Bodies::read(BodyRef body, std::uint64_t offset, std::uint64_t size, Deadline deadline) const {
  if (body.codec != 0 || body.key != 0)
    co_return fail(Errc::unsupported, "the letter is stored in a way that this program does not know");
  if (offset >= body.size || size == 0) co_return ChunkList();
  size = std::min(size, body.size - offset);
  Store* store = &store_;
  const bool large = body.size > kSurelyLarge;
  Result<std::optional<ChunkList>> found = std::optional<ChunkList>();
  for (int tries = 0; tries < kTries; ++tries) {
    found = large ? co_await read_extents(store, body, offset, size, deadline)
                  : co_await read_pieces(store, body, offset, size, deadline);
    if (found && !*found)
      found = large ? co_await read_pieces(store, body, offset, size, deadline)
                    : co_await read_extents(store, body, offset, size, deadline);
    // Moved between the look into its row and the reading.
    if (found || found.error().code() != Errc::not_found) break;
  }
  std::optional<ChunkList> octets = CO_TRY(std::move(found));
  if (!octets) co_return gone();
  co_return std::move(*octets);
}

}  // namespace chappe::store
