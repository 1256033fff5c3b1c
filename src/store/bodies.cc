#include "store/bodies.h"

#include <algorithm>

#include "store/record.h"

namespace chappe::store {
namespace {

struct Header {
  std::uint64_t size = 0;
  std::uint8_t codec = 0;
  std::uint32_t key = 0;
  std::uint32_t references = 0;
};

constexpr std::uint8_t kVersion = 1;

Bytes header_key(const BodyId& id) { return KeyWriter(kSystemAccount, Space::body).rest(id.view()).take(); }
Bytes piece_key(const BodyId& id, std::uint32_t n) {
  return KeyWriter(kSystemAccount, Space::body_piece).rest(id.view()).u32(n).take();
}

Bytes encode(const Header& h) {
  return RecordWriter(kVersion).number(h.size).u8(h.codec).number(h.key).number(h.references).take();
}

Result<Header> decode(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  Header h;
  h.size = r.number();
  h.codec = r.u8();
  h.key = r.number32();
  h.references = r.number32();
  TRY(r.finish("a body's header"));
  return h;
}

Result<Header> header(Txn& txn, const BodyId& id) {
  const auto row = TRY(txn.get(header_key(id)));
  if (!row) return fail(Errc::not_found, "the body of the letter is gone");
  return decode(row->view());
}

}  // namespace

Result<BodyRef> Bodies::add(Txn& txn, BodyId id, const ChunkList& octets, std::uint32_t references) {
  if (TRY(exists(txn, id))) return fail(Errc::exists, "there is a body of this id already");
  const Header h{.size = octets.size(), .references = references};
  txn.put(header_key(id), encode(h));
  std::uint32_t n = 0;
  // Piece by piece through the chunks, so that cutting a large letter stays linear.
  ChunkList piece;
  const auto flush = [&] { txn.put(piece_key(id, n++), std::exchange(piece, ChunkList())); };
  for (const Chunk& c : octets.chunks()) {
    for (std::size_t done = 0; done < c.size();) {
      const std::size_t take = std::min(c.size() - done, kPieceSize - piece.size());
      piece.append(c.slice(done, take));
      done += take;
      if (piece.size() == kPieceSize) flush();
    }
  }
  if (!piece.empty()) flush();
  return BodyRef{id, h.size, h.codec, h.key};
}

Result<bool> Bodies::exists(Txn& txn, BodyId id) { return TRY(txn.get(header_key(id))).has_value(); }

Result<void> Bodies::retain(Txn& txn, BodyId id, std::uint32_t count) {
  Header h = TRY(header(txn, id));
  if (h.references > ~std::uint32_t{0} - count) return fail(Errc::too_large, "a body has too many references");
  h.references += count;
  txn.put(header_key(id), encode(h));
  return {};
}

Result<void> Bodies::release(Txn& txn, BodyId id, std::uint32_t count) {
  Header h = TRY(header(txn, id));
  if (h.references > count) {
    h.references -= count;
    txn.put(header_key(id), encode(h));
    return {};
  }
  txn.remove(header_key(id));
  for (std::uint64_t n = 0; n * kPieceSize < h.size; ++n) txn.remove(piece_key(id, static_cast<std::uint32_t>(n)));
  return {};
}

Task<Result<ChunkList>> Bodies::read(BodyRef body, Deadline deadline) const {
  return read(body, 0, body.size, deadline);
}

Task<Result<ChunkList>> Bodies::read(BodyRef body, std::uint64_t offset, std::uint64_t size, Deadline deadline) const {
  if (body.codec != 0 || body.key != 0)
    co_return fail(Errc::unsupported, "the letter is stored in a way that this program does not know");
  ChunkList out;
  if (offset >= body.size) co_return out;
  size = std::min(size, body.size - offset);
  Store* store = &store_;
  for (std::uint64_t n = offset / kPieceSize; out.size() < size; ++n) {
    const auto row = CO_TRY(co_await store->get(piece_key(body.id, static_cast<std::uint32_t>(n)), deadline));
    if (!row) co_return fail(Errc::not_found, "the body of the letter is gone");
    if (row->size() != std::min<std::uint64_t>(kPieceSize, body.size - n * kPieceSize))
      co_return fail(Errc::corrupt, "a piece of a letter has the wrong size");
    const std::size_t skip = n == offset / kPieceSize ? offset % kPieceSize : 0;
    const std::size_t take = std::min<std::uint64_t>(row->size() - skip, size - out.size());
    out.append(row->slice(skip, take));
  }
  co_return out;
}

}  // namespace chappe::store
