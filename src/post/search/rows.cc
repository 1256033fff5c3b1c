#include "post/search/rows.h"

#include <algorithm>
#include <cmath>

#include "post/mailbox/records.h"
#include "store/record.h"

namespace chappe::post::search {

using store::KeyReader;
using store::KeyWriter;
using store::RecordReader;
using store::RecordWriter;
using store::Space;

namespace {

constexpr std::uint8_t kVersion = 1;  // of every value here
constexpr std::uint8_t kLengths = 1, kDates = 2;
constexpr float kCodesPerDoubling = 16;

KeyWriter key(AccountId account, Space space) { return KeyWriter(account.value, space); }

}  // namespace

std::uint8_t length_code(std::uint32_t words) {
  const float code = 1 + std::log2(static_cast<float>(words) + 1) * kCodesPerDoubling;
  return static_cast<std::uint8_t>(std::clamp(code, 1.0f, 255.0f));
}

float length_of(std::uint8_t code) { return std::exp2((static_cast<float>(code) - 1) / kCodesPerDoubling) - 1; }

std::uint32_t minutes_of(Time t) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(t.us / 60'000'000, 0, ~std::uint32_t{0}));
}

// --- keys

Bytes state_key(AccountId account) { return key(account, Space::search_state).take(); }
Bytes document_key(AccountId account, DocId doc) { return key(account, Space::search_document).u32(doc).take(); }
Bytes body_key(AccountId account, const store::BodyId& body) {
  return key(account, Space::search_body).rest(body.view()).take();
}
Bytes place_key(AccountId account, MailboxId mailbox, std::uint32_t page) {
  return key(account, Space::search_place).u32(mailbox.value).u32(page).take();
}
store::Range place_range(AccountId account, MailboxId mailbox, std::uint32_t first_page) {
  return {place_key(account, mailbox, first_page), key(account, Space::search_place).u32(mailbox.value).range().end};
}
store::Range place_range(AccountId account) { return key(account, Space::search_place).range(); }

Result<Place> place_of(AccountId account, ByteView row) {
  KeyReader r(row);
  TRY(r.expect(account.value, Space::search_place));
  Place out;
  out.mailbox = {TRY(r.u32())};
  const std::uint32_t page = TRY(r.u32());
  if (!r.done() || page > ~std::uint32_t{0} / records::kPageUids)
    return fail(Errc::corrupt, "a key of a page of places is wrong");
  out.uid = {page * records::kPageUids};
  return out;
}

Bytes length_key(AccountId account, std::uint32_t page) {
  return key(account, Space::search_page).u8(kLengths).u32(page).take();
}
store::Range length_range(AccountId account) { return key(account, Space::search_page).u8(kLengths).range(); }
Bytes date_key(AccountId account, std::uint32_t page) {
  return key(account, Space::search_page).u8(kDates).u32(page).take();
}
store::Range date_range(AccountId account) { return key(account, Space::search_page).u8(kDates).range(); }

Result<std::uint32_t> page_of(AccountId account, ByteView row) {
  KeyReader r(row);
  TRY(r.expect(account.value, Space::search_page));
  TRY(r.u8());
  const std::uint32_t page = TRY(r.u32());
  if (!r.done()) return fail(Errc::corrupt, "a key of a page of documents is too long");
  return page;
}

Bytes term_key(AccountId account, std::uint32_t segment, ByteView term) {
  return key(account, Space::search_term).u32(segment).rest(term).take();
}
store::Range term_range(AccountId account, std::uint32_t segment) {
  return key(account, Space::search_term).u32(segment).range();
}
Bytes stream_key(AccountId account, Space space, std::uint32_t segment, std::uint32_t row) {
  return key(account, space).u32(segment).u32(row).take();
}
store::Range stream_range(AccountId account, Space space, std::uint32_t segment) {
  return key(account, space).u32(segment).range();
}

std::array<store::Range, 8> all_of(AccountId account) {
  return {key(account, Space::search_state).range(),   key(account, Space::search_document).range(),
          key(account, Space::search_body).range(),    key(account, Space::search_place).range(),
          key(account, Space::search_page).range(),    key(account, Space::search_term).range(),
          key(account, Space::search_posting).range(), key(account, Space::search_word).range()};
}

// --- values

Bytes encode(const State& s) {
  RecordWriter w(kVersion);
  w.number(s.words_version).number(s.modseq.value).number(s.partial_mailbox.value).number(s.partial_uid.value);
  w.u8(s.scanning).number(s.scan_mailbox.value).number(s.scan_page);
  w.number(s.next_doc).number(s.next_segment).number(s.merging);
  w.number(s.docs).number(s.places).number(s.words).number(s.segments.size());
  DocId last = 0;
  for (const Segment& g : s.segments) {
    w.number(g.id).number(g.first - last).number(g.last - g.first).number(g.docs).number(g.dead).number(g.octets);
    last = g.last;
  }
  return w.take();
}

Result<State> decode_state(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  State s;
  s.words_version = r.number32();
  s.modseq = {r.number()};
  s.partial_mailbox = {r.number32()};
  s.partial_uid = {r.number32()};
  s.scanning = r.u8() != 0;
  s.scan_mailbox = {r.number32()};
  s.scan_page = r.number32();
  s.next_doc = r.number32();
  s.next_segment = r.number32();
  s.merging = r.number32();
  s.docs = r.number();
  s.places = r.number();
  s.words = r.number();
  const std::uint64_t count = r.number();
  if (count > r.left()) r.fail_here();
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    Segment g;
    g.id = r.number32();
    const std::uint64_t first = last + r.number32();
    last = first + r.number32();
    g.first = static_cast<DocId>(first);
    g.last = static_cast<DocId>(last);
    g.docs = r.number32();
    g.dead = r.number32();
    g.octets = r.number();
    if (last >= s.next_doc || g.id >= s.next_segment || (i > 0 && first <= s.segments.back().last)) r.fail_here();
    s.segments.push_back(g);
  }
  TRY(r.finish("the state of a search index"));
  return s;
}

Bytes encode(const Document& d) {
  RecordWriter w(kVersion);
  records::write(w, d.body);
  w.signed_number(d.date.us).number(d.words).number(d.places.size());
  for (const Place& p : d.places) w.number(p.mailbox.value).number(p.uid.value);
  return w.take();
}

Result<Document> decode_document(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  Document d;
  d.body = records::read_body(r);
  d.date = {r.signed_number()};
  d.words = r.number32();
  const std::uint64_t count = r.number();
  if (count > r.left()) r.fail_here();
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    Place p;
    p.mailbox = {r.number32()};
    p.uid = {r.number32()};
    d.places.push_back(p);
  }
  TRY(r.finish("a document of the search index"));
  return d;
}

Bytes encode_doc(DocId doc) { return RecordWriter(kVersion).number(doc).take(); }

Result<DocId> decode_doc(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  const DocId doc = r.number32();
  TRY(r.finish("the number of a document of the search index"));
  return doc;
}

Bytes encode(const PlacePage& page, std::uint32_t number) {
  RecordWriter w(kVersion);
  w.number(page.rows.size());
  std::uint32_t uid = number * records::kPageUids;
  DocId doc = 0;
  for (const auto& [u, d] : page.rows) {
    w.number(u.value - uid).signed_number(std::int64_t{d} - doc);
    uid = u.value;
    doc = d;
  }
  return w.take();
}

Result<PlacePage> decode_places(ByteView bytes, std::uint32_t number) {
  RecordReader r(bytes, kVersion);
  PlacePage page;
  const std::uint64_t count = r.number();
  if (count > records::kPageUids || count > r.left()) r.fail_here();
  std::uint64_t uid = std::uint64_t{number} * records::kPageUids;
  const std::uint64_t end = uid + records::kPageUids;
  std::int64_t doc = 0;
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    const std::uint64_t step = r.number();
    uid += std::min<std::uint64_t>(step, records::kPageUids);
    const std::int64_t moved = r.signed_number();
    if (moved > ~std::uint32_t{0} || moved < -std::int64_t{~std::uint32_t{0}}) r.fail_here();
    doc += r.ok() ? moved : 0;
    if (uid >= end || doc <= 0 || doc > ~std::uint32_t{0} || (i > 0 && step == 0)) r.fail_here();
    page.rows.emplace_back(Uid{static_cast<std::uint32_t>(uid)}, static_cast<DocId>(doc));
  }
  TRY(r.finish("a page of places of the search index"));
  return page;
}

Bytes encode(const LengthPage& page) {
  return RecordWriter(kVersion).octets({reinterpret_cast<const char*>(page.data()), page.size()}).take();
}

Result<LengthPage> decode_lengths(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  const ByteView octets = r.octets(kLengthsPage);
  TRY(r.finish("a page of lengths of the search index"));
  LengthPage page;
  std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(page.data()));
  return page;
}

Bytes encode(const DatePage& page) {
  RecordWriter w(kVersion);
  for (const std::uint32_t v : page)
    for (int shift = 24; shift >= 0; shift -= 8) w.u8(static_cast<std::uint8_t>(v >> shift));
  return w.take();
}

Result<DatePage> decode_dates(ByteView bytes) {
  RecordReader r(bytes, kVersion);
  DatePage page;
  for (std::uint32_t& v : page) {
    v = 0;
    for (int i = 0; i < 4; ++i) v = v << 8 | r.u8();
  }
  TRY(r.finish("a page of dates of the search index"));
  return page;
}

}  // namespace chappe::post::search
