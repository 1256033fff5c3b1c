// Octets of a DNS message, read and written: big-endian numbers (RFC 1035 §2.3.2) and names with compression
// (RFC 1035 §4.1.4). A WireReader is a view on a message that its owner keeps; reading past the end, or through a bad
// pointer, makes it fail, and it stays failed. A WireWriter grows up to a limit and says when it is reached.
#pragma once

#include <cstdint>
#include <map>

#include "dns/name.h"

namespace chappe::dns {

class WireReader {
 public:
  explicit WireReader(ByteView message, std::size_t at = 0) : message_(message), at_(at) {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  std::size_t left() const { return message_.size() - at_; }

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  ByteView bytes(std::size_t n);
  // Follows pointers, each of which must lead to before the part that it was met in: there are no loops.
  Name name();
  void fail() { ok_ = false; }

 private:
  ByteView message_;
  std::size_t at_;
  bool ok_ = true;
};

class WireWriter {
 public:
  std::size_t size() const { return out_.size(); }
  void u8(std::uint8_t v) { out_ += static_cast<char>(v); }
  void u16(std::uint16_t v);
  void u32(std::uint32_t v);
  void bytes(ByteView b) { out_ += b; }
  void name(const Name& name) { out_ += name.wire(); }
  // With a pointer to where the name, or an end of it, already stands.
  void compressed_name(const Name& name);
  // Sets the number at `at`, where one stands already.
  void patch_u16(std::size_t at, std::uint16_t v);
  // Takes back everything behind `size`.
  void truncate(std::size_t size);
  Bytes take() && { return std::move(out_); }

 private:
  Bytes out_;
  std::map<Name, std::uint16_t> seen_;
};

}  // namespace chappe::dns
