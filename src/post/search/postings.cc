#include "post/search/postings.h"

#include <algorithm>

#include "store/record.h"

namespace chappe::post::search {
namespace {

constexpr std::uint8_t kPageVersion = 1;
constexpr FieldMask kBody = field_bit(Where::body);

// What the low bits of a posting's first number say.
enum Shape : std::uint8_t {
  once = 0,   // once in the body
  often = 1,  // in the body only: how often follows
  mixed = 2,  // the mask of fields follows, and how often for each
};

std::size_t place_of(Where w) { return static_cast<std::size_t>(w); }

}  // namespace

void put_number(Bytes& out, std::uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
}

void PostingsWriter::add(Bytes& out, const Posting& posting) {
  const std::uint64_t step = posting.doc - last_;
  last_ = posting.doc;
  if (posting.fields == kBody) {
    const std::uint8_t n = posting.counts[place_of(Where::body)];
    put_number(out, step << 2 | (n == 1 ? once : often));
    if (n != 1) put_number(out, n);
    return;
  }
  put_number(out, step << 2 | mixed);
  out.push_back(static_cast<char>(posting.fields));
  for (std::size_t f = 0; f < kFields; ++f)
    if (posting.fields >> f & 1) put_number(out, posting.counts[f]);
}

bool PostingsReader::next() {
  if (left_ == 0) return false;
  --left_;
  const std::uint64_t v = from_->number();
  const std::uint64_t doc = now_.doc + (v >> 2);
  now_.counts = {};
  std::uint64_t counted = 1;
  switch (v & 3) {
    case once:
      now_.fields = kBody;
      now_.counts[place_of(Where::body)] = 1;
      break;
    case often:
      now_.fields = kBody;
      counted = from_->number();
      now_.counts[place_of(Where::body)] = static_cast<std::uint8_t>(counted);
      break;
    case mixed:
      now_.fields = from_->u8();
      for (std::size_t f = 0; f < kFields; ++f)
        if (now_.fields >> f & 1) {
          const std::uint64_t n = from_->number();
          now_.counts[f] = static_cast<std::uint8_t>(n);
          if (n == 0 || n > kMostCounted) counted = 0;
        }
      break;
    default:
      from_->fail_here();
  }
  // Ascending, in 32 bits, and somewhere at least once.
  if (doc > ~DocId{0} || (begun_ && v >> 2 == 0) || counted == 0 || counted > kMostCounted || now_.fields == 0)
    from_->fail_here();
  begun_ = true;
  now_.doc = static_cast<DocId>(doc);
  if (!from_->ok()) left_ = 0;
  return from_->ok();
}

void write_places(Bytes& out, const Posting& posting, const std::vector<std::uint32_t>& places) {
  std::size_t i = 0;
  for (const std::uint8_t n : posting.counts) {
    std::uint32_t last = 0;
    for (std::uint8_t k = 0; k < n; ++k, ++i) {
      put_number(out, places[i] - last);
      last = places[i];
    }
  }
}

void read_places(Octets& from, const Posting& posting, std::vector<std::uint32_t>& out) {
  out.clear();
  for (const std::uint8_t n : posting.counts) {
    std::uint32_t last = 0;
    for (std::uint8_t k = 0; k < n && from.ok(); ++k) {
      last += static_cast<std::uint32_t>(from.number());
      out.push_back(last);
    }
  }
}

void TermPageWriter::add(const TermEntry& entry) {
  if (count_ == 0) {
    first_ = entry.term;
    docs_at_ = entry.docs_at;
    places_at_ = entry.places_at;
    last_.clear();
  }
  const auto shared = static_cast<std::size_t>(std::ranges::mismatch(last_, entry.term).in1 - last_.begin());
  put_number(rows_, shared);
  put_number(rows_, entry.term.size() - shared);
  rows_.append(entry.term, shared);
  put_number(rows_, entry.count);
  put_number(rows_, entry.docs_size);
  // Only words have places.
  if (entry.term.front() == static_cast<char>(TermKind::word)) put_number(rows_, entry.places_size);
  last_ = entry.term;
  ++count_;
}

Bytes TermPageWriter::take() {
  Bytes out = store::RecordWriter(kPageVersion).number(docs_at_).number(places_at_).number(count_).octets(rows_).take();
  rows_.clear();
  count_ = 0;
  return out;
}

Result<void> each_term(ByteView page, const std::function<bool(const TermEntry&)>& take) {
  store::RecordReader r(page, kPageVersion);
  TermEntry e;
  e.docs_at = r.number();
  e.places_at = r.number();
  const std::uint64_t count = r.number();
  if (count == 0 || count > r.left()) r.fail_here();
  for (std::uint64_t i = 0; i < count && r.ok(); ++i) {
    const std::uint64_t shared = r.number();
    const ByteView rest = r.text();
    // Ascending: what differs is greater, and there is a kind.
    if (shared > e.term.size() || rest.empty() || rest <= ByteView(e.term).substr(shared)) {
      r.fail_here();
      break;
    }
    e.term.replace(shared, Bytes::npos, rest);
    e.docs_at += e.docs_size;
    e.places_at += e.places_size;
    e.count = r.number32();
    e.docs_size = r.number();
    e.places_size = e.term.front() == static_cast<char>(TermKind::word) ? r.number() : 0;
    if (r.ok() && !take(e)) return {};
  }
  return r.finish("a page of terms");
}

}  // namespace chappe::post::search
