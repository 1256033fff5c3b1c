#include "store/record.h"

#include <limits>

namespace chappe::store {

RecordWriter& RecordWriter::number(std::uint64_t v) {
  while (v >= 0x80) {
    u8(static_cast<std::uint8_t>(v | 0x80));
    v >>= 7;
  }
  return u8(static_cast<std::uint8_t>(v));
}

RecordWriter& RecordWriter::signed_number(std::int64_t v) {
  const auto u = static_cast<std::uint64_t>(v);
  return number(v < 0 ? ~(u << 1) : u << 1);
}

RecordWriter& RecordWriter::text(ByteView v) {
  number(v.size());
  out_.append(v);
  return *this;
}

RecordReader::RecordReader(ByteView record, std::uint8_t newest) : left_(record), newest_(newest) {
  version_ = u8();
  if (version_ == 0 || version_ > newest_) ok_ = false;
}

std::uint8_t RecordReader::u8() {
  if (!ok_ || left_.empty()) {
    ok_ = false;
    return 0;
  }
  const auto v = static_cast<std::uint8_t>(left_.front());
  left_.remove_prefix(1);
  return v;
}

std::uint64_t RecordReader::number() {
  std::uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const std::uint8_t b = u8();
    if (shift == 63 && b > 1) break;
    v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
    if (b < 0x80) return ok_ ? v : 0;
  }
  ok_ = false;
  return 0;
}

std::uint32_t RecordReader::number32() {
  const std::uint64_t v = number();
  if (v <= std::numeric_limits<std::uint32_t>::max()) return static_cast<std::uint32_t>(v);
  ok_ = false;
  return 0;
}

std::int64_t RecordReader::signed_number() {
  const std::uint64_t u = number();
  return static_cast<std::int64_t>(u & 1 ? ~(u >> 1) : u >> 1);
}

ByteView RecordReader::text() {
  const std::uint64_t size = number();
  if (size > left_.size()) {
    ok_ = false;
    return {};
  }
  return octets(size);
}

ByteView RecordReader::octets(std::size_t size) {
  if (!ok_ || size > left_.size()) {
    ok_ = false;
    return {};
  }
  const ByteView out = left_.substr(0, size);
  left_.remove_prefix(size);
  return out;
}

Result<void> RecordReader::finish(std::string_view what) const {
  if (version_ > newest_)
    return fail(Errc::unsupported, "{} has version {}, this program knows {}", what, version_, newest_);
  if (!ok_ || !left_.empty()) return fail(Errc::corrupt, "{} does not read back", what);
  return {};
}

}  // namespace chappe::store
