#include "dns/wire.h"

namespace chappe::dns {
namespace {

constexpr std::size_t kMaxPointer = 0x3fff;

unsigned octet(ByteView b, std::size_t at) { return static_cast<unsigned char>(b[at]); }

}  // namespace

std::uint8_t WireReader::u8() {
  const ByteView b = bytes(1);
  return ok_ ? static_cast<std::uint8_t>(octet(b, 0)) : std::uint8_t{0};
}

std::uint16_t WireReader::u16() {
  const ByteView b = bytes(2);
  return ok_ ? static_cast<std::uint16_t>(octet(b, 0) << 8 | octet(b, 1)) : std::uint16_t{0};
}

std::uint32_t WireReader::u32() {
  const std::uint32_t high = u16();
  return high << 16 | u16();
}

ByteView WireReader::bytes(std::size_t n) {
  if (!ok_ || n > left()) {
    ok_ = false;
    return {};
  }
  const ByteView out = message_.substr(at_, n);
  at_ += n;
  return out;
}

Name WireReader::name() {
  Bytes wire;
  std::size_t at = at_, part = at_;
  bool jumped = false;
  for (;;) {
    if (!ok_ || at >= message_.size()) break;
    const unsigned size = octet(message_, at);
    if (size >= 0xc0) {
      if (at + 1 >= message_.size()) break;
      const std::size_t to = (size & 0x3fu) << 8 | octet(message_, at + 1);
      if (to >= part) break;
      if (!jumped) at_ = at + 2;
      jumped = true;
      at = part = to;
      continue;
    }
    if (size > Name::kMaxLabel || at + 1 + size > message_.size()) break;
    wire += message_.substr(at, 1u + size);
    at += 1u + size;
    if (wire.size() > Name::kMaxWire) break;
    if (size > 0) continue;
    if (!jumped) at_ = at;
    auto name = Name::from_wire(std::move(wire));
    if (!name) break;
    return std::move(*name);
  }
  ok_ = false;
  return {};
}

void WireWriter::u16(std::uint16_t v) {
  out_ += static_cast<char>(v >> 8);
  out_ += static_cast<char>(v);
}

void WireWriter::u32(std::uint32_t v) {
  u16(static_cast<std::uint16_t>(v >> 16));
  u16(static_cast<std::uint16_t>(v));
}

void WireWriter::compressed_name(const Name& name) {
  Name rest = name;
  while (!rest.is_root()) {
    const auto [found, fresh] = seen_.try_emplace(rest, static_cast<std::uint16_t>(out_.size()));
    if (!fresh) {
      u16(static_cast<std::uint16_t>(0xc000 | found->second));
      return;
    }
    if (out_.size() > kMaxPointer) seen_.erase(found);
    out_ += rest.wire().substr(0, 1u + octet(rest.wire(), 0));
    rest = rest.parent();
  }
  out_ += '\0';
}

void WireWriter::patch_u16(std::size_t at, std::uint16_t v) {
  out_[at] = static_cast<char>(v >> 8);
  out_[at + 1] = static_cast<char>(v);
}

void WireWriter::truncate(std::size_t size) {
  out_.resize(size);
  std::erase_if(seen_, [&](const auto& entry) { return entry.second >= size; });
}

}  // namespace chappe::dns
