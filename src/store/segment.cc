#include "store/segment.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "store/crc32c.h"

namespace chappe::store {
namespace {

constexpr ByteView kSegmentMagic = "CHAPSEG1";
constexpr ByteView kTrailerMagic = "CHAPEND1";
constexpr std::uint32_t kRecordMagic = 0x52504843;  // "CHPR"
constexpr std::size_t kCopy = SegmentHeader::kSize / 2;
constexpr std::size_t kHeaderUsed = 64;
constexpr std::size_t kSmallWindow = 4096;   // what a walk reads at once: at first, and behind a large record
constexpr std::size_t kWindow = 256 * 1024;  // and when it goes on
constexpr std::size_t kAlign = 8;

// Numbers are little-endian, at fixed places.
static_assert(std::endian::native == std::endian::little, "stored numbers are copied as they are");

template <class T>
void put(char* at, T v) {
  std::memcpy(at, &v, sizeof v);
}
template <class T>
T get(const char* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

std::uint32_t salted(ByteView octets, std::uint64_t salt) {
  return crc32c(octets, crc32c({reinterpret_cast<const char*>(&salt), sizeof salt}));
}

}  // namespace

Bytes encode(const SegmentHeader& h) {
  Bytes copy(kCopy, '\0');
  char* const p = copy.data();
  std::memcpy(p, kSegmentMagic.data(), 8);
  put(p + 8, h.log);
  put(p + 16, h.salt);
  put(p + 24, h.first_sequence);
  put(p + 32, h.number);
  put(p + 36, h.previous_end.segment);
  put(p + 40, h.previous_end.offset);
  put(p + kHeaderUsed - 4, crc32c({p, kHeaderUsed - 4}));
  return copy + copy;
}

std::optional<SegmentHeader> decode_segment_header(ByteView octets) {
  for (std::size_t at : {std::size_t{0}, kCopy}) {
    if (octets.size() < at + kHeaderUsed) return std::nullopt;
    const char* const p = octets.data() + at;
    if (ByteView(p, 8) != kSegmentMagic) continue;
    if (get<std::uint32_t>(p + kHeaderUsed - 4) != crc32c({p, kHeaderUsed - 4})) continue;
    SegmentHeader h;
    h.log = get<std::uint64_t>(p + 8);
    h.salt = get<std::uint64_t>(p + 16);
    h.first_sequence = get<std::uint64_t>(p + 24);
    h.number = get<std::uint32_t>(p + 32);
    h.previous_end = {get<std::uint32_t>(p + 36), get<std::uint32_t>(p + 40)};
    return h;
  }
  return std::nullopt;
}

std::array<char, RecordHeader::kSize> encode(const RecordHeader& h, std::uint64_t salt) {
  std::array<char, RecordHeader::kSize> out{};
  char* const p = out.data();
  put(p, kRecordMagic);
  put(p + 4, static_cast<std::uint32_t>(h.kind));
  put(p + 8, h.size);
  put(p + 12, h.check);
  put(p + 16, h.at.segment);
  put(p + 20, h.at.offset);
  put(p + 24, h.sequence);
  put(p + 32, h.durable);
  std::memcpy(p + 40, h.identity.data(), h.identity.size());
  put(p + 56, h.part);
  put(p + 60, salted({p, 60}, salt));
  return out;
}

std::optional<RecordHeader> decode_record_header(ByteView octets, std::uint64_t salt) {
  if (octets.size() < RecordHeader::kSize) return std::nullopt;
  const char* const p = octets.data();
  if (get<std::uint32_t>(p) != kRecordMagic) return std::nullopt;
  if (get<std::uint32_t>(p + 60) != salted({p, 60}, salt)) return std::nullopt;
  const auto kind = get<std::uint32_t>(p + 4);
  if (kind < 1 || kind > 3) return std::nullopt;
  RecordHeader h;
  h.kind = static_cast<RecordKind>(kind);
  h.size = get<std::uint32_t>(p + 8);
  h.check = get<std::uint32_t>(p + 12);
  h.at = {get<std::uint32_t>(p + 16), get<std::uint32_t>(p + 20)};
  h.sequence = get<std::uint64_t>(p + 24);
  h.durable = get<std::uint64_t>(p + 32);
  std::memcpy(h.identity.data(), p + 40, h.identity.size());
  h.part = get<std::uint32_t>(p + 56);
  // The end must be a place in a segment, too.
  if (std::uint64_t{h.at.offset} + RecordHeader::kSize + h.size + kAlign > ~std::uint32_t{0}) return std::nullopt;
  return h;
}

Bytes encode(const std::vector<IndexEntry>& entries) {
  Bytes out(entries.size() * IndexEntry::kSize, '\0');
  char* p = out.data();
  for (const IndexEntry& e : entries) {
    put(p, e.offset);
    // A record is at most 2^28 octets long (Log::kMaxRecord): the kind stands above.
    put(p + 4, e.size | static_cast<std::uint32_t>(e.kind) << 28);
    put(p + 8, e.check);
    std::memcpy(p + 12, e.identity.data(), e.identity.size());
    p += IndexEntry::kSize;
  }
  return out;
}

Result<std::vector<IndexEntry>> decode_index(ByteView octets) {
  if (octets.size() % IndexEntry::kSize != 0) return fail(Errc::corrupt, "the index of a segment has an odd size");
  std::vector<IndexEntry> out(octets.size() / IndexEntry::kSize);
  const char* p = octets.data();
  for (IndexEntry& e : out) {
    const auto size = get<std::uint32_t>(p + 4);
    if (size >> 28 < 1 || size >> 28 > 2) return fail(Errc::corrupt, "the index of a segment names an unknown record");
    e.kind = static_cast<RecordKind>(size >> 28);
    e.size = size & 0x0fffffff;
    e.offset = get<std::uint32_t>(p);
    e.check = get<std::uint32_t>(p + 8);
    std::memcpy(e.identity.data(), p + 12, e.identity.size());
    if (get<std::uint32_t>(p + 28) != 0) return fail(Errc::corrupt, "the index of a segment has octets left over");
    p += IndexEntry::kSize;
  }
  return out;
}

Bytes encode_trailer(std::uint32_t index_offset, const SegmentHeader& segment) {
  Bytes out(kTrailerSize, '\0');
  std::memcpy(out.data(), kTrailerMagic.data(), 8);
  put(out.data() + 8, segment.number);
  put(out.data() + 12, index_offset);
  put(out.data() + kTrailerSize - 4, salted({out.data(), kTrailerSize - 4}, segment.salt));
  return out;
}

std::optional<std::uint32_t> decode_trailer(ByteView octets, const SegmentHeader& segment) {
  if (octets.size() != kTrailerSize || !octets.starts_with(kTrailerMagic)) return std::nullopt;
  const char* const p = octets.data();
  if (get<std::uint32_t>(p + kTrailerSize - 4) != salted({p, kTrailerSize - 4}, segment.salt)) return std::nullopt;
  if (get<std::uint32_t>(p + 8) != segment.number) return std::nullopt;
  return get<std::uint32_t>(p + 12);
}

SegmentWalk::SegmentWalk(const File& file, const SegmentHeader& segment, std::uint32_t offset, std::uint64_t sequence,
                         std::uint64_t end)
    : file_(file), segment_(segment), offset_(offset), sequence_(sequence), end_(end) {}

Result<ByteView> SegmentWalk::look(std::uint64_t offset, std::size_t size) {
  if (offset < buffer_at_ || offset + size > buffer_at_ + buffer_.size()) {
    // Far ahead of what was read: a large record was skipped, and the next may be large, too.
    const bool far = offset > buffer_at_ + buffer_.size() + kWindow / 4;
    window_ = far ? kSmallWindow : std::clamp(window_ * 2, kSmallWindow, kWindow);
    buffer_.resize(window_);
    buffer_at_ = offset;
    buffer_.resize(TRY(file_.read(offset, buffer_)));
  }
  return ByteView(buffer_).substr(offset - buffer_at_, size);
}

Result<std::optional<RecordHeader>> SegmentWalk::next() {
  if (sealed_ || offset_ >= end_) return std::nullopt;
  const ByteView octets = TRY(look(offset_, RecordHeader::kSize));
  const auto h = decode_record_header(octets, segment_.salt);
  if (!h || h->at != Position{segment_.number, offset_} || h->sequence != sequence_ || h->end() > end_)
    return std::nullopt;
  sealed_ = h->kind == RecordKind::index;
  offset_ = h->end();
  ++sequence_;
  return h;
}

Result<Bytes> SegmentWalk::payload(const RecordHeader& record) const {
  // A size that the file does not have must not become memory.
  const std::uint64_t begin = record.at.offset + RecordHeader::kSize;
  if (begin + record.size > TRY(file_.size()))
    return fail(Errc::corrupt, "record {} of the log is cut off", record.sequence);
  Bytes out(record.size, '\0');
  out.resize(TRY(file_.read(begin, out)));
  if (out.size() != record.size || crc32c(out) != record.check)
    return fail(Errc::corrupt, "record {} of the log, in segment {} at {}, fails its check", record.sequence,
                record.at.segment, record.at.offset);
  return out;
}

Result<void> SegmentWalk::search(const std::function<bool(const RecordHeader&)>& enough) const {
  Bytes window;
  const std::uint64_t size = std::min(end_, TRY(file_.size()));
  for (std::uint64_t at = offset_; at < size;) {
    // Most of it was never written. Records stand at multiples of 8, as this place does.
    at = std::max(at, TRY(file_.next_data(at)) & ~std::uint64_t{kAlign - 1});
    if (at >= size) break;
    window.resize(std::min<std::uint64_t>(kWindow, size - at));
    window.resize(TRY(file_.read(at, window)));
    std::size_t i = 0;
    for (; i + RecordHeader::kSize <= window.size(); i += kAlign) {
      if (get<std::uint32_t>(window.data() + i) != kRecordMagic) continue;
      const auto h = decode_record_header(ByteView(window).substr(i), segment_.salt);
      if (h && h->at == Position{segment_.number, static_cast<std::uint32_t>(at + i)} && enough(*h)) return {};
    }
    if (i == 0) break;
    at += i;
  }
  return {};
}

Result<std::uint64_t> SegmentWalk::durable_beyond() const {
  std::uint64_t found = 0;
  TRY(search([&](const RecordHeader& h) {
    found = std::max(found, h.durable);
    return false;
  }));
  return found;
}

Result<bool> SegmentWalk::go_on() {
  bool found = false;
  TRY(search([&](const RecordHeader& h) {
    if (h.sequence < sequence_ || h.end() > end_) return false;
    found = true;
    offset_ = h.at.offset;
    sequence_ = h.sequence;
    return true;
  }));
  return found && !sealed_;
}

Result<std::vector<IndexEntry>> read_index(const File& file, const SegmentHeader& segment, std::uint64_t end) {
  const std::uint64_t size = TRY(file.size());
  if (size > kTrailerSize) {
    Bytes octets(kTrailerSize, '\0');
    octets.resize(TRY(file.read(size - kTrailerSize, octets)));
    if (const auto at = decode_trailer(octets, segment)) {
      Bytes head(RecordHeader::kSize, '\0');
      head.resize(TRY(file.read(*at, head)));
      const auto h = decode_record_header(head, segment.salt);
      if (h && h->kind == RecordKind::index && h->at == Position{segment.number, *at}) {
        const SegmentWalk walk(file, segment, *at, h->sequence);
        if (const auto index = walk.payload(*h))
          if (auto entries = decode_index(*index)) return entries;
      }
    }
  }
  std::vector<IndexEntry> out;
  SegmentWalk walk(file, segment, SegmentHeader::kSize, segment.first_sequence, end);
  while (const auto h = TRY(walk.next()))
    if (h->kind != RecordKind::index) out.push_back({h->kind, h->at.offset, h->size, h->check, h->identity});
  if (walk.offset() != end)
    return fail(Errc::corrupt, "segment {} of the log cannot be read behind {}", segment.number, walk.offset());
  return out;
}

}  // namespace chappe::store
