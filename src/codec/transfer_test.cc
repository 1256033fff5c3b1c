#include "codec/transfer.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"

namespace chappe::codec {
namespace {

Bytes base64_in_pieces(ByteView text, std::size_t piece) {
  Base64Decoder decoder;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += piece) decoder.feed(text.substr(i, piece), out);
  decoder.finish(out);
  return out;
}

Bytes qp_in_pieces(ByteView text, std::size_t piece) {
  QuotedPrintableDecoder decoder;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += piece) decoder.feed(text.substr(i, piece), out);
  decoder.finish(out);
  return out;
}

TEST(MimeBase64, TakesWhatCanBeTaken) {
  EXPECT_EQ(mime_base64_decode("Zm9v\r\nYmFy\r\n"), "foobar");
  EXPECT_EQ(mime_base64_decode("Zm9v*YmFy"), "foobar");  // RFC 2045 §6.8: other characters are ignored
  EXPECT_EQ(mime_base64_decode("Zm9vYg"), "foob");       // no padding
  EXPECT_EQ(mime_base64_decode("Zg==Zm8="), "ffo");      // two encodings in a row
  EXPECT_EQ(mime_base64_decode("Zm9vY"), "foo");         // one character is no byte
  EXPECT_EQ(mime_base64_decode("===="), "");
  EXPECT_EQ(mime_base64_decode(""), "");
}

TEST(MimeBase64, SaysWhatWasWrong) {
  const auto judge = [](ByteView text) {
    Base64Decoder d;
    Bytes out;
    d.feed(text, out);
    d.finish(out);
    return d;
  };
  EXPECT_TRUE(judge("Zm9v\r\n\tYg==\r\n").clean());
  EXPECT_EQ(judge("Zm9v!?").strangers(), 2u);
  EXPECT_TRUE(judge("Zg==Zg==").continued());
  EXPECT_TRUE(judge("Zg").truncated());
  EXPECT_TRUE(judge("Z===").truncated());
}

TEST(MimeBase64, PiecesDoNotMatter) {
  SeededRandom random(7);
  const Bytes bytes = random.bytes(1000);
  const std::string text = mime_base64_encode(bytes);
  for (const std::string_view line : split(text, '\n')) EXPECT_LE(line.size(), 77u);
  EXPECT_EQ(text.substr(76, 2), "\r\n");
  for (std::size_t piece = 1; piece < 90; ++piece) EXPECT_EQ(base64_in_pieces(text, piece), bytes) << piece;
  for (std::size_t piece = 1; piece < 6; ++piece) EXPECT_EQ(base64_in_pieces("Zg==Zm8=!Zm9v", piece), "ffofoo");
}

TEST(QuotedPrintable, Decodes) {
  EXPECT_EQ(quoted_printable_decode("a=3Db"), "a=b");
  EXPECT_EQ(quoted_printable_decode("caf=c3=a9"), "café");  // lower case digits are tolerated
  EXPECT_EQ(quoted_printable_decode("soft=\r\nbreak"), "softbreak");
  EXPECT_EQ(quoted_printable_decode("soft=\nbreak"), "softbreak");
  EXPECT_EQ(quoted_printable_decode("soft= \t\r\nbreak"), "softbreak");
  EXPECT_EQ(quoted_printable_decode("trailing \t \r\nx "), "trailing\r\nx");  // RFC 2045 §6.7 rule 3
  EXPECT_EQ(quoted_printable_decode("kept=20\r\n"), "kept \r\n");
  EXPECT_EQ(quoted_printable_decode("no=xx = = =3"), "no=xx = = =3");
  EXPECT_EQ(quoted_printable_decode("end="), "end");
  EXPECT_EQ(quoted_printable_decode("=\r=41"), "A");
}

TEST(QuotedPrintable, PiecesDoNotMatter) {
  constexpr std::string_view text = "a =3D \t\r\n=20b=\r\nc= \t\r\nd=  e=Zf=4Z g==41 h  i\n =C3=A9 ";
  const Bytes whole = quoted_printable_decode(text);
  for (std::size_t piece = 1; piece < 20; ++piece) EXPECT_EQ(qp_in_pieces(text, piece), whole) << piece;
}

TEST(QuotedPrintable, CountsStrangers) {
  QuotedPrintableDecoder d;
  Bytes out;
  d.feed("raw \xe9 and =ZZ\x01\r\n", out);
  d.finish(out);
  EXPECT_EQ(d.strangers(), 3u);
}

TEST(QuotedPrintable, EncodesWithinTheRules) {
  EXPECT_EQ(quoted_printable_encode("a=b"), "a=3Db");
  EXPECT_EQ(quoted_printable_encode("x \ny\t\r\n"), "x=20\r\ny=09\r\n");
  EXPECT_EQ(quoted_printable_encode("From me\n.\n"), "=46rom me\r\n=2E\r\n");
  EXPECT_EQ(quoted_printable_encode("a\rb"), "a=0Db");
  const std::string long_line = quoted_printable_encode(std::string(76, 'x') + "\n" + std::string(77, 'y'));
  EXPECT_EQ(long_line, std::string(76, 'x') + "\r\n" + std::string(75, 'y') + "=\r\nyy");
}

TEST(QuotedPrintable, RoundTrip) {
  SeededRandom random(3);
  for (std::size_t n = 0; n < 300; ++n) {
    std::string text = random.bytes(n);
    for (char& c : text)
      if (c == '\n') c = ' ';
    if (n > 40) text.insert(30, "\r\n \r\n").insert(10, 20, 'x');
    const std::string coded = quoted_printable_encode(text);
    for (const std::string_view line : split(coded, '\n')) EXPECT_LE(line.size(), 77u);
    EXPECT_EQ(quoted_printable_decode(coded), text);
  }
}

// A run of blanks fed octet by octet is held once, not copied again with each octet.
TEST(QuotedPrintable, BlankRunsAreLinear) {
  const std::string blanks(1 << 20, ' ');
  EXPECT_EQ(qp_in_pieces("a" + blanks + "b", 1).size(), blanks.size() + 2);
  EXPECT_EQ(qp_in_pieces("a" + blanks, 1), "a");
}

}  // namespace
}  // namespace chappe::codec
