#include "codec/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chappe::codec {
namespace {

using Got = LineReader::Got;

std::vector<std::pair<Got, std::string>> all(ByteView octets, std::size_t piece, std::size_t limit, std::size_t flood) {
  LineReader reader(flood);
  std::vector<std::pair<Got, std::string>> out;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    reader.feed(Chunk::copy_of(octets.substr(at, piece)));
    for (int i = 0; i < 1000; ++i) {
      ByteView line;
      const Got got = reader.next(line, {limit});
      if (got == Got::nothing) break;
      out.emplace_back(got, got == Got::endless ? "" : std::string(line));
      if (got == Got::endless) return out;
    }
    EXPECT_LE(reader.held(), 2 * limit + piece);
  }
  return out;
}

TEST(LineReader, GivesTheSameHoweverItIsCut) {
  struct Case {
    ByteView octets;
    std::vector<std::pair<Got, std::string>> lines;
  };
  const Case cases[] = {
      {"a\r\n\r\nbc\r\nd", {{Got::line, "a"}, {Got::line, ""}, {Got::line, "bc"}}},
      {"a\rb\r\r\n", {{Got::line, "a\rb\r"}}},
      // What stands behind a bare <LF> is no line of its own.
      {"a\nb\nc\r\nd\r\n", {{Got::bare_lf, "a"}, {Got::line, "d"}}},
      {"\n\r\nd\r\n", {{Got::bare_lf, ""}, {Got::line, "d"}}},
      {"12345678\r\n", {{Got::line, "12345678"}}},
      {"123456789\r\nd\r\n", {{Got::too_long, "123456789\r"}, {Got::line, "d"}}},
      {"1234567890abc\nx\r\nd\r\n", {{Got::too_long, "1234567890"}, {Got::line, "d"}}},
      {"1234567890aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", {{Got::too_long, "1234567890"}, {Got::endless, ""}}},
  };
  for (const Case& c : cases)
    for (std::size_t piece = 1; piece <= c.octets.size(); ++piece)
      EXPECT_EQ(all(c.octets, piece, 10, 20), c.lines) << piece;
}

TEST(LineReader, ForgetsWhatWasFed) {
  LineReader reader(20);
  reader.feed(Chunk::copy_of("half"));
  ByteView line;
  EXPECT_EQ(reader.next(line, {10}), Got::nothing);
  reader.feed(Chunk::copy_of("a\r\nb"));
  reader.feed(Chunk::copy_of("c\r\n"));
  EXPECT_TRUE(reader.has_input());
  reader.clear();
  EXPECT_FALSE(reader.has_input());
  reader.feed(Chunk::copy_of("x\r\n"));
  EXPECT_EQ(reader.next(line, {10}), Got::line);
  EXPECT_EQ(line, "x");
}

TEST(LineReader, OneWordMakesALineLonger) {
  const ByteView octets = "AUTHx67890\r\nauth 6789012345\r\nAUTH 67890123456789\r\nauth\r\n";
  for (std::size_t piece = 1; piece <= octets.size(); ++piece) {
    LineReader reader(100);
    std::vector<std::pair<Got, std::string>> got;
    for (std::size_t at = 0; at < octets.size(); at += piece) {
      reader.feed(Chunk::copy_of(octets.substr(at, piece)));
      ByteView line;
      for (Got g = reader.next(line, {10, "Auth", 18}); g != Got::nothing; g = reader.next(line, {10, "Auth", 18}))
        got.emplace_back(g, line);
    }
    const std::vector<std::pair<Got, std::string>> wanted = {{Got::too_long, "AUTHx67890"},
                                                             {Got::line, "auth 6789012345"},
                                                             {Got::too_long, "AUTH 6789012345678"},
                                                             {Got::line, "auth"}};
    EXPECT_EQ(got, wanted) << piece;
  }
}

TEST(LineReader, GivesOctetsBetweenLines) {
  LineReader reader(20);
  EXPECT_TRUE(reader.take(5).empty());
  reader.feed(Chunk::copy_of("a\r\nb\r"));
  reader.feed(Chunk::copy_of("\nc\r\n"));
  ByteView line;
  EXPECT_EQ(reader.next(line, {10}), Got::line);
  EXPECT_EQ(reader.take(1).view(), "b");
  EXPECT_EQ(reader.take(100).view(), "\r");  // never more than what came together
  const Chunk rest = reader.take(100);
  EXPECT_EQ(rest.view(), "\nc\r\n");
  reader.feed(Chunk::copy_of("d\r\n"));
  EXPECT_EQ(reader.take(1).view(), "d");
  reader.put_back(rest.slice(1, 3));
  reader.put_back(Chunk());
  EXPECT_EQ(reader.next(line, {10}), Got::line);
  EXPECT_EQ(line, "c");
  EXPECT_EQ(reader.next(line, {10}), Got::line);
  EXPECT_EQ(line, "");
}

}  // namespace
}  // namespace chappe::codec
