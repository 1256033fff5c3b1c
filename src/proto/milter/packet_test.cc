#include "proto/milter/packet.h"

#include <gtest/gtest.h>

namespace chappe::proto::milter {
namespace {

using namespace std::string_literals;

TEST(MilterPacket, ReadsAtEveryBoundary) {
  const Bytes wire = "\0\0\0\1c\0\0\0\6hX\0yz\0\0\0\0\1a"s;
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    PacketReader reader;
    std::string got;
    for (std::size_t at = 0; at < wire.size(); at += piece) {
      ByteView rest = ByteView(wire).substr(at, piece);
      while (!rest.empty()) {
        const auto whole = reader.feed(rest);
        ASSERT_TRUE(whole);
        if (!*whole) continue;
        EXPECT_FALSE(reader.midway());
        got += reader.packet().what + reader.packet().data + ";";
      }
    }
    EXPECT_EQ(got, "c;hX\0yz\0;a;"s) << piece;
  }
}

TEST(MilterPacket, LimitsOfSize) {
  PacketReader empty;
  ByteView rest("\0\0\0\0", 4);
  EXPECT_EQ(empty.feed(rest).error().code(), Errc::invalid);
  const auto size = [](std::size_t n) {
    return Bytes{'\0', static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
  };
  const Bytes largest = size(kMaxReplyData + 1) + "h" + Bytes(kMaxReplyData, 'x');
  PacketReader reader;
  rest = largest;
  EXPECT_TRUE(*reader.feed(rest));
  EXPECT_EQ(reader.packet().data.size(), kMaxReplyData);
  const Bytes over = size(kMaxReplyData + 2);
  rest = over;
  EXPECT_EQ(reader.feed(rest).error().code(), Errc::too_large) << "before anything of it is kept";
  rest = largest;
  EXPECT_FALSE(reader.feed(rest)) << "it stays failed";
}

TEST(MilterPacket, DataReader) {
  const Bytes data = "\0\0\1\2ab\0\0c"s;
  DataReader in(data);
  EXPECT_EQ(in.number(), 258u);
  EXPECT_EQ(in.string(), "ab");
  EXPECT_EQ(in.string(), "");
  EXPECT_FALSE(in.done());
  EXPECT_EQ(in.string(), "") << "no NUL";
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.number(), 0u);
  EXPECT_FALSE(in.done());
}

TEST(MilterPacket, Writes) {
  EXPECT_EQ(std::move(PacketWriter(Command::mail).string("a\0b"s).string("cdef", 2)).take(), "\0\0\0\7Mab\0cd\0"s);
  EXPECT_EQ(std::move(PacketWriter(Command::connect).octet('4').port(258).number(1)).take(),
            "\0\0\0\10C4\1\2\0\0\0\1"s);
  EXPECT_EQ(PacketWriter(Command::body).take(ChunkList("xy")).flatten(), "\0\0\0\3Bxy"s);
}

}  // namespace
}  // namespace chappe::proto::milter
