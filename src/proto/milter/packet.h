// Packets of the milter protocol, read and written. The reader keeps at most one packet and has a limit; the writer
// shares the octets of a letter's body instead of copying them. Nothing blocks.
#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"
#include "proto/milter/protocol.h"

namespace chappe::proto::milter {

struct Packet {
  char what = 0;
  Bytes data;
};

class PacketReader {
 public:
  // Takes octets from the front of `octets` (which advances) up to the end of one packet. True: packet() is complete.
  // False: all are taken. Errc::invalid: a packet without its first octet; Errc::too_large: over kMaxReplyData. After a
  // failure it stays failed.
  Result<bool> feed(ByteView& octets);
  const Packet& packet() const { return packet_; }
  // Something of a packet has come, and not its end.
  bool midway() const { return !held_.empty(); }

 private:
  Bytes held_;  // the length and what follows
  Packet packet_;
  bool failed_ = false;
};

// Takes the data of a packet apart. After a failure everything else fails too; done() tells whether all was as said.
class DataReader {
 public:
  explicit DataReader(ByteView data) : rest_(data) {}

  std::uint32_t number();  // four octets
  ByteView string();       // up to a NUL, which must be there
  bool empty() const { return rest_.empty(); }
  bool ok() const { return ok_; }
  // Everything was there and nothing is left.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool ok_ = true;
};

// Puts a packet together: `Writer(Command::hello).string(name).to(out)`.
class PacketWriter {
 public:
  explicit PacketWriter(Command command) : data_(1, static_cast<char>(command)) {}

  PacketWriter& octet(char c) {
    data_ += c;
    return *this;
  }
  PacketWriter& port(std::uint16_t n);
  PacketWriter& number(std::uint32_t n);
  // At most `limit` octets of it, without the NULs that it may have.
  PacketWriter& string(ByteView s, std::size_t limit = kMaxEnvelopeData);
  std::size_t size() const { return data_.size() - 1; }  // of the data
  Bytes take() &&;
  // The same with `octets` behind the data.
  ChunkList take(ChunkList octets) &&;

 private:
  Bytes data_;
};

}  // namespace chappe::proto::milter
