#include "trust/dkim/canon.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "message/linear_testing.h"
#include "trust/dkim/header_fields.h"
#include "trust/dkim/testing.h"

namespace chappe::trust::dkim {
namespace {

std::string header_form(Canon canon, const std::string& bytes) {
  const message::Letter letter(bytes);
  std::string out;
  for (const message::Field& field : letter.fields()) append_canonical(out, canon, field);
  return out;
}

void expect_body(Canon canon, std::string_view body, std::string_view canonical) {
  for (const std::size_t step : {1u, 2u, 3u, 7u, 10'000u})
    EXPECT_EQ(fast_canon(canon, body, step), canonical) << canon_name(canon) << " in pieces of " << step;
  EXPECT_EQ(plain_canon(canon, body), canonical);
}
void expect_simple(std::string_view body, std::string_view canonical) { expect_body(Canon::simple, body, canonical); }
void expect_relaxed(std::string_view body, std::string_view canonical) { expect_body(Canon::relaxed, body, canonical); }

// RFC 6376 §3.4.5
constexpr std::string_view kHeader = "A:  X\r\nB : Y\t\r\n\tZ  \r\n\r\n";
constexpr std::string_view kBody = " C \r\nD \t E\r\n\r\n\r\n";

TEST(Canon, ExamplesOfTheRfc) {
  EXPECT_EQ(header_form(Canon::relaxed, std::string(kHeader)), "a:X\r\nb:Y Z\r\n");
  EXPECT_EQ(header_form(Canon::simple, std::string(kHeader)), "A:  X\r\nB : Y\t\r\n\tZ  \r\n");
  expect_relaxed(kBody, " C\r\nD E\r\n");
  expect_simple(kBody, " C \r\nD \t E\r\n");
}

TEST(Canon, RelaxedHeader) {
  const std::pair<std::string, std::string> cases[] = {
      {"Subject: a  \t b \r\n\r\n", "subject:a b\r\n"},
      // A fold behind the colon leaves no space.
      {"SUBJECT:\r\n a\r\n\r\n", "subject:a\r\n"},
      {"Subject:\r\n\t \r\n  a\r\n\r\n", "subject:a\r\n"},
      // Folds between words, at the end, and over an empty line.
      {"Subject: a\r\n b\r\n\r\n", "subject:a b\r\n"},
      {"Subject: a \r\n \t b\r\n\r\n", "subject:a b\r\n"},
      {"Subject: a\r\n \r\n\r\n", "subject:a\r\n"},
      {"Subject:\r\n\r\n", "subject:\r\n"},
      {"Subject:   \r\n\r\n", "subject:\r\n"},
      {"Subject \t: a\r\n\r\n", "subject:a\r\n"},
      // 8-bit octets stay.
      {"X: \xc3\x89 \xff\r\n\r\n", "x:\xc3\x89 \xff\r\n"},
      // The letter ends in the field.
      {"Subject: a", "subject:a\r\n"},
      // A CR that stands alone is an octet.
      {"Subject: a\r b\r\n\r\n", "subject:a\r b\r\n"},
  };
  for (const auto& [written, canonical] : cases) EXPECT_EQ(header_form(Canon::relaxed, written), canonical) << written;
}

TEST(Canon, SimpleHeaderIsAsItStands) {
  for (const std::string written : {"SubJect :  a \t\r\n  b \r\n", "X:\r\n", "X:\r\n\ta\r\n"})
    EXPECT_EQ(header_form(Canon::simple, written + "\r\n"), written);
  EXPECT_EQ(header_form(Canon::simple, "X: a"), "X: a\r\n");
}

TEST(Canon, OwnFieldLosesItsSignatureAndItsLineEnd) {
  const std::string bytes = "DKIM-Signature: bh=QQ==; b= ab\r\n cd ;\r\n d=x\r\n\r\n";
  const message::Letter letter(bytes);
  const message::Field& field = letter.fields()[0];
  const ByteView value = field.value();
  const std::size_t begin = value.find(" b=") + 3, end = value.find(';', begin);
  std::string simple, relaxed;
  append_own(simple, Canon::simple, field, begin, end);
  append_own(relaxed, Canon::relaxed, field, begin, end);
  EXPECT_EQ(simple, "DKIM-Signature: bh=QQ==; b=;\r\n d=x");
  EXPECT_EQ(relaxed, "dkim-signature:bh=QQ==; b=; d=x");
}

TEST(Canon, OwnFieldWithTheSignatureLast) {
  const std::string bytes = "DKIM-Signature: d=x; b=abcd";  // and no line end
  const message::Letter letter(bytes);
  const message::Field& field = letter.fields()[0];
  std::string simple, relaxed;
  append_own(simple, Canon::simple, field, 8, field.value().size());
  append_own(relaxed, Canon::relaxed, field, 8, field.value().size());
  EXPECT_EQ(simple, "DKIM-Signature: d=x; b=");
  EXPECT_EQ(relaxed, "dkim-signature:d=x; b=");
}

TEST(Canon, EmptyBodies) {
  // RFC 6376 §3.4.3: CRLF; §3.4.4: nothing.
  for (const char* body : {"", "\r\n", "\r\n\r\n\r\n"}) {
    expect_simple(body, "\r\n");
    expect_relaxed(body, "");
  }
  // Lines of blanks only are empty when relaxed, and they are not when simple.
  for (const char* body : {" ", "\t \r\n", " \r\n\t\r\n\r\n  "}) expect_relaxed(body, "");
  expect_simple(" \r\n\r\n", " \r\n");
}

TEST(Canon, FinalLineEnds) {
  expect_simple("a", "a\r\n");
  expect_relaxed("a", "a\r\n");
  expect_simple("a\r\n\r\n", "a\r\n");
  expect_relaxed("a\r\n \r\n\t\r\n", "a\r\n");
  expect_relaxed("a \t", "a\r\n");
  expect_simple("a\r\n ", "a\r\n \r\n");
  // Empty lines inside stay.
  expect_simple("a\r\n\r\n\r\nb", "a\r\n\r\n\r\nb\r\n");
  expect_relaxed("\r\n \r\na\r\n\t\r\nb\r\n", "\r\n\r\na\r\n\r\nb\r\n");
}

TEST(Canon, LoneCrAndLfAreOctets) {
  expect_simple("a\nb\n", "a\nb\n\r\n");
  expect_relaxed("a \nb \n", "a \nb \n\r\n");
  expect_simple("a\r", "a\r\r\n");
  expect_relaxed("a\r", "a\r\r\n");
  expect_simple("a\r\r\n", "a\r\r\n");
  expect_relaxed("a \r\r\n", "a \r\r\n");
  expect_relaxed("a \r", "a \r\r\n");
  expect_relaxed(" \rb", " \rb\r\n");
  expect_simple("\n", "\n\r\n");
  expect_relaxed("\r\n\n\r\n", "\r\n\n\r\n");
  expect_relaxed("\r\n\r", "\r\n\r\r\n");
  expect_simple(ByteView("\0\r\n\0", 4), ByteView("\0\r\n\0\r\n", 6));
}

TEST(Canon, BlanksInLines) {
  expect_relaxed("a  b\tc \t d\r\n", "a b c d\r\n");
  expect_relaxed("  a\r\n\tb \t\r\n", " a\r\n b\r\n");
  // Around the blocks that are looked at as a whole.
  for (std::size_t n = 55; n < 75; ++n) {
    const std::string x(n, 'x');
    expect_relaxed(x + "  y", x + " y\r\n");
    expect_relaxed(x + "\ty", x + " y\r\n");
    expect_relaxed(x + " \r\n", x + "\r\n");
    expect_relaxed(x + " y \r\n" + x, x + " y\r\n" + x + "\r\n");
  }
}

TEST(Canon, AnyBodyInAnyPiecesIsAsThePlainFormHasIt) {
  SeededRandom random(1);
  constexpr std::string_view kAlphabet = " \t\r\n\r\n ab";
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    for (std::uint64_t n = random.below(round % 10 == 0 ? 300 : 24); n > 0; --n) {
      const auto pick = random.below(kAlphabet.size());
      if (pick == 2)
        body += "\r\n";
      else
        body += kAlphabet[pick];
    }
    for (const Canon canon : {Canon::simple, Canon::relaxed}) {
      const std::string expected = plain_canon(canon, body);
      for (const std::size_t step : {1u, 2u, 5u, 1000u})
        ASSERT_EQ(fast_canon(canon, body, step), expected) << printable(body) << " by " << step;
    }
  }
}

TEST(Canon, TakesLinearTime) {
  for (const char* piece : {"\r\n", " ", "\t", "a ", "a  ", "\r", "\n", " \r", "text that is of no interest\r\n"})
    for (const Canon canon : {Canon::simple, Canon::relaxed})
      message::expect_linear(
          piece, 20'000,
          [piece](int n) {
            std::string out;
            for (int i = 0; i < n; ++i) out += piece;
            return out + "x";
          },
          [canon](const std::string& body) {
            BodyCanon stream(canon, [](ByteView) {});
            stream.feed(body);
            stream.finish();
          });
}

// ---- which fields are meant

std::vector<std::uint32_t> selected(const std::string& bytes, const std::vector<std::string>& names,
                                    std::uint32_t own = kNoField) {
  const message::Letter letter(bytes);
  return HeaderFields(letter.fields()).select(names, own);
}

const std::string kFields = "To: 0\r\nFrom: 1\r\nto: 2\r\nX: 3\r\nTO : 4\r\n\r\n";
using Indices = std::vector<std::uint32_t>;

TEST(HeaderFields, InstancesAreTakenFromTheBottomUp) {
  EXPECT_EQ(selected(kFields, {"to"}), Indices({4}));
  EXPECT_EQ(selected(kFields, {"To", "x", "TO", "from"}), Indices({4, 3, 2, 1}));
  // More mentions than fields: nothing for them (RFC 6376 §5.4.2).
  EXPECT_EQ(selected(kFields, {"to", "to", "to", "to", "from", "from"}), Indices({4, 2, 0, 1}));
  EXPECT_EQ(selected(kFields, {"cc", "T", "Too"}), Indices());
}

TEST(HeaderFields, TheSignatureItselfIsNotAmongThem) {
  const std::string fields = "DKIM-Signature: 0\r\nDKIM-Signature: 1\r\nDKIM-Signature: 2\r\n\r\n";
  EXPECT_EQ(selected(fields, {"dkim-signature", "dkim-signature", "dkim-signature"}, 1), Indices({2, 0}));
  EXPECT_EQ(selected(fields, {"dkim-signature"}, 2), Indices({1}));
  EXPECT_EQ(selected(fields, {"dkim-signature", "dkim-signature", "dkim-signature"}, 0), Indices({2, 1}));
}

TEST(HeaderFields, CountsAndMakesCanonical) {
  const message::Letter letter(kFields);
  const HeaderFields fields(letter.fields());
  EXPECT_EQ(fields.count("TO"), 3u);
  EXPECT_EQ(fields.count("cc"), 0u);
  EXPECT_EQ(fields.octets(), kFields.size() - 2);
  EXPECT_EQ(fields.canonical(Canon::relaxed, Indices{4, 1}), "to:4\r\nfrom:1\r\n");
  EXPECT_EQ(fields.canonical(Canon::simple, Indices{4, 1}), "TO : 4\r\nFrom: 1\r\n");
  EXPECT_TRUE(HeaderFields({}).select(std::vector<std::string>{"from"}, kNoField).empty());
}

TEST(HeaderFields, TakeLinearTime) {
  message::expect_linear(
      "fields", 1000,
      [](int n) {
        std::string out;
        for (int i = 0; i < n; ++i) out += "X: a\r\n";
        return out + "\r\n";
      },
      [](const std::string& bytes) {
        const message::Letter letter(bytes);
        const HeaderFields fields(letter.fields());
        fields.select(std::vector<std::string>(letter.fields().size(), "x"), kNoField);
      });
}

}  // namespace
}  // namespace chappe::trust::dkim
