#include "codec/letter_writer.h"

#include <gtest/gtest.h>

namespace chappe::codec {
namespace {

using Mode = LetterWriter::Mode;

struct Written {
  Bytes wire;
  bool altered;
};

Written written(ByteView letter, Mode mode, std::size_t piece) {
  LetterWriter writer(mode);
  ChunkList out;
  for (std::size_t at = 0; at < letter.size(); at += piece) writer.write(Chunk::copy_of(letter.substr(at, piece)), out);
  writer.finish(out);
  return {out.flatten(), writer.altered()};
}

TEST(LetterWriter, StuffsAndMendsHoweverItIsCut) {
  struct Case {
    ByteView letter, dotted, lines;
    bool altered;  // in `dotted` mode
  };
  const Case cases[] = {
      {"", ".\r\n", "", false},
      {"a\r\n", "a\r\n.\r\n", "a\r\n", false},
      {"a", "a\r\n.\r\n", "a", true},
      {".\r\n..\r\na.\r\n", "..\r\n...\r\na.\r\n.\r\n", ".\r\n..\r\na.\r\n", false},
      {"a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", true},
      {"a\r.\rb\r", "a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", true},
      {"a\r\r\n.\r\r\n", "a\r\n\r\n..\r\n\r\n.\r\n", "a\r\n\r\n.\r\n\r\n", true},
      {"\n\r.\n\r", "\r\n\r\n..\r\n\r\n.\r\n", "\r\n\r\n.\r\n\r\n", true},
      {ByteView("a\0b\r\n", 5), ByteView("a\0b\r\n.\r\n", 8), ByteView("a\0b\r\n", 5), false},
  };
  for (const Case& c : cases) {
    for (std::size_t piece = 1; piece <= c.letter.size() + 1; ++piece) {
      const Written dotted = written(c.letter, Mode::dotted, piece);
      EXPECT_EQ(dotted.wire, c.dotted);
      EXPECT_EQ(dotted.altered, c.altered) << c.letter;
      EXPECT_EQ(written(c.letter, Mode::lines, piece).wire, c.lines);
      EXPECT_EQ(written(c.letter, Mode::raw, piece).wire, c.letter);
    }
  }
}

TEST(LetterWriter, DoesNotCopy) {
  const Chunk piece = Chunk::copy_of("line\r\n.dot\r\n");
  LetterWriter writer(Mode::dotted);
  ChunkList out;
  writer.write(piece, out);
  ASSERT_EQ(out.chunks().size(), 3U);
  EXPECT_EQ(out.chunks()[0].view().data(), piece.view().data());
  EXPECT_EQ(out.chunks()[2].view().data(), piece.view().data() + 6);
}

}  // namespace
}  // namespace chappe::codec
