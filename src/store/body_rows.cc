#include "store/body_rows.h"

#include "store/record.h"

namespace chappe::store {
namespace {
constexpr std::uint8_t kVersion = 1;
// Of an extent, in a row.
constexpr std::size_t kLeastExtent = 5;
}  // namespace

Bytes body_key(const BodyId& id) { return KeyWriter(kSystemAccount, Space::body).rest(id.view()).take(); }
Bytes piece_key(const BodyId& id, std::uint32_t n) {
  return KeyWriter(kSystemAccount, Space::body_piece).rest(id.view()).u32(n).take();
}
Bytes extents_key(const BodyId& id) { return KeyWriter(kSystemAccount, Space::body_extents).rest(id.view()).take(); }
Bytes segment_key(std::uint32_t segment) { return KeyWriter(kSystemAccount, Space::segment).u32(segment).take(); }

Bytes encode(const BodyHeader& h) {
  return RecordWriter(kVersion).number(h.size).u8(h.codec).number(h.key).number(h.references).take();
}

Result<BodyHeader> decode_body_header(ByteView octets) {
  RecordReader r(octets, kVersion);
  BodyHeader h;
  h.size = r.number();
  h.codec = r.u8();
  h.key = r.number32();
  h.references = r.number32();
  TRY(r.finish("a body's header"));
  return h;
}

Bytes encode(const BodyExtents& b) {
  RecordWriter w(kVersion);
  w.text(b.front).number(b.extents.size());
  for (const Extent& e : b.extents)
    w.number(e.at.segment).number(e.at.offset).number(e.size).number(e.check).number(e.plain);
  return w.take();
}

Result<BodyExtents> decode_body_extents(ByteView octets) {
  RecordReader r(octets, kVersion);
  BodyExtents b;
  b.front = r.text();
  const std::uint64_t count = r.number();
  if (count > r.left() / kLeastExtent) r.fail_here();
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    Extent e;
    e.at.segment = r.number32();
    e.at.offset = r.number32();
    e.size = r.number32();
    e.check = r.number32();
    e.plain = r.number32();
    b.extents.push_back(e);
  }
  TRY(r.finish("where a body stands"));
  return b;
}

Bytes encode_segment_row(std::uint64_t alive) { return RecordWriter(kVersion).number(alive).take(); }

Result<std::uint64_t> decode_segment_row(ByteView octets) {
  RecordReader r(octets, kVersion);
  const std::uint64_t alive = r.number();
  TRY(r.finish("the count of a segment"));
  return alive;
}

Bytes weighed_key() { return KeyWriter(kSystemAccount, Space::settings).rest("weighed").take(); }

Bytes encode_weighed(std::uint32_t segment) { return RecordWriter(kVersion).number(segment).take(); }

Result<std::uint32_t> decode_weighed(ByteView octets) {
  RecordReader r(octets, kVersion);
  const std::uint32_t segment = r.number32();
  TRY(r.finish("how far segments were weighed"));
  return segment;
}

Result<void> count_alive(Txn& txn, std::uint32_t segment, std::int64_t change) {
  const auto row = TRY(txn.get(segment_key(segment)));
  const auto before = static_cast<std::int64_t>(row ? TRY(decode_segment_row(row->view())) : 0);
  if (before + change < 0) return fail(Errc::corrupt, "segment {} counts less than letters have in it", segment);
  if (before + change == 0)
    txn.remove(segment_key(segment));
  else
    txn.put(segment_key(segment), encode_segment_row(static_cast<std::uint64_t>(before + change)));
  return {};
}

}  // namespace chappe::store
