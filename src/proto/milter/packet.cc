#include "proto/milter/packet.h"

#include <algorithm>

namespace chappe::proto::milter {
namespace {

constexpr std::size_t kLength = 4;

std::uint32_t number_at(ByteView octets) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < kLength; ++i) n = n << 8 | static_cast<unsigned char>(octets[i]);
  return n;
}

Bytes octets_of(std::uint32_t n) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 0xff);
  return out;
}

}  // namespace

Result<bool> PacketReader::feed(ByteView& octets) {
  if (failed_) return fail(Errc::invalid, "there was a packet that cannot be read");
  const auto take = [&](std::size_t wanted) {
    const ByteView piece = octets.substr(0, wanted - std::min(wanted, held_.size()));
    held_ += piece;
    octets.remove_prefix(piece.size());
    return held_.size() >= wanted;
  };
  if (!take(kLength)) return false;
  const std::size_t size = number_at(held_);
  failed_ = true;
  if (size == 0) return fail(Errc::invalid, "a packet is empty");
  if (size - 1 > kMaxReplyData)
    return fail(Errc::too_large, "a packet of {} octets; {} are allowed", size, kMaxReplyData + 1);
  failed_ = false;
  if (!take(kLength + size)) return false;
  packet_.what = held_[kLength];
  packet_.data.assign(held_, kLength + 1);
  held_.clear();
  return true;
}

std::uint32_t DataReader::number() {
  ok_ = ok_ && rest_.size() >= kLength;
  if (!ok_) return 0;
  const std::uint32_t n = number_at(rest_);
  rest_.remove_prefix(kLength);
  return n;
}

ByteView DataReader::string() {
  const auto end = rest_.find('\0');
  ok_ = ok_ && end != ByteView::npos;
  if (!ok_) return {};
  const ByteView out = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return out;
}

PacketWriter& PacketWriter::port(std::uint16_t n) {
  data_ += static_cast<char>(n >> 8);
  data_ += static_cast<char>(n & 0xff);
  return *this;
}

PacketWriter& PacketWriter::number(std::uint32_t n) {
  data_ += octets_of(n);
  return *this;
}

PacketWriter& PacketWriter::string(ByteView s, std::size_t limit) {
  for (const char c : s.substr(0, limit))
    if (c != '\0') data_ += c;
  data_ += '\0';
  return *this;
}

Bytes PacketWriter::take() && {
  data_.insert(0, octets_of(static_cast<std::uint32_t>(data_.size())));
  return std::move(data_);
}

ChunkList PacketWriter::take(ChunkList octets) && {
  data_.insert(0, octets_of(static_cast<std::uint32_t>(data_.size() + octets.size())));
  ChunkList out(data_);
  out.append(std::move(octets));
  return out;
}

}  // namespace chappe::proto::milter
