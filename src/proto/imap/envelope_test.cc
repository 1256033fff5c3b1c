#include "proto/imap/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message/linear_testing.h"
#include "proto/imap/section.h"

namespace chappe::proto::imap {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Line ends as letters have them.
Bytes crlf(ByteView text) {
  Bytes out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}
Bytes envelope(ByteView text, bool utf8 = false) {
  const Bytes octets = crlf(text);
  const message::Letter letter(octets);
  Bytes out;
  write_envelope(out, letter, letter.root(), utf8);
  return out;
}
Bytes structure(ByteView text, bool extended = true) {
  const Bytes octets = crlf(text);
  const message::Letter letter(octets);
  Bytes out;
  write_body_structure(out, letter, extended, false);
  return out;
}

TEST(Envelope, AsTheRfcShowsIt) {
  // RFC 9051 §8: the letter of the sample session, and its envelope.
  EXPECT_EQ(
      envelope("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\n"
               "From: Terry Gray <gray@cac.washington.edu>\n"
               "Subject: IMAP4rev2 WG mtg summary and minutes\n"
               "To: imap@cac.washington.edu\n"
               "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\n"
               "Message-Id: <B27397-0100000@cac.washington.edu>\n\nx\n"),
      "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
      "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) "
      "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
      "\"<B27397-0100000@cac.washington.edu>\")");
}

TEST(Envelope, OfNothing) {
  EXPECT_EQ(envelope("\n"), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_EQ(envelope("Subject:\nFrom:\nTo: ,,\n\n"), "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(Envelope, GroupsAndSenders) {
  const Bytes out =
      envelope("From: a@x\nSender: \"S \\\"q\\\"\" <s@y>\nReply-To: r@z\nTo: Friends: one@x, Two <two@x>;, last@x\n\n");
  EXPECT_THAT(out, HasSubstr("((NIL NIL \"a\" \"x\")) ((\"S \\\"q\\\"\" NIL \"s\" \"y\")) ((NIL NIL \"r\" \"z\"))"));
  EXPECT_THAT(out, HasSubstr("((NIL NIL \"Friends\" NIL)(NIL NIL \"one\" \"x\")(\"Two\" NIL \"two\" \"x\")"
                             "(NIL NIL NIL NIL)(NIL NIL \"last\" \"x\"))"));
}

TEST(Envelope, KeepsWordsAndUnfolds) {
  const Bytes out = envelope("Subject: =?utf-8?q?caf=C3=A9?=\n and more\nFrom: =?utf-8?q?Ren=C3=A9?= <r@x>\n\n");
  EXPECT_THAT(out, HasSubstr("\"=?utf-8?q?caf=C3=A9?= and more\""));
  EXPECT_THAT(out, HasSubstr("(\"=?utf-8?q?Ren=C3=A9?=\" NIL \"r\" \"x\")"));
  EXPECT_THAT(envelope("Subject: caf\xc3\xa9\n\n"), HasSubstr("{5}\r\ncaf\xc3\xa9"));
  EXPECT_THAT(envelope("Subject: caf\xc3\xa9\n\n", true), HasSubstr("\"caf\xc3\xa9\""));
}

constexpr ByteView kMixed =
    "Content-Type: multipart/mixed; boundary=\"b\"\n\n"
    "--b\nContent-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: Quoted-Printable\n\n"
    "caf=C3=A9\nline\n\n"
    "--b\nContent-Type: message/rfc822\nContent-Description: inner\n\n"
    "Subject: in\nContent-Type: multipart/alternative; boundary=c\n\n"
    "--c\n\nplain\n--c\nContent-Type: text/html\nContent-Language: en, fr\n\n<p>\n--c--\n"
    "--b\nContent-Type: IMAGE/png\nContent-ID: <i@x>\nContent-MD5: abc\nContent-Location: http://x/\n"
    "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''a%20b.png; size=3\n\nAAEC\n"
    "--b--\n";

TEST(BodyStructure, OfNestedParts) {
  EXPECT_EQ(structure(kMixed),
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\" \"FORMAT\" \"flowed\") NIL NIL \"QUOTED-PRINTABLE\" 17 2 NIL "
            "NIL NIL "
            "NIL)"
            "(\"MESSAGE\" \"RFC822\" NIL NIL \"inner\" \"7BIT\" 146 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) "
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 5 0 NIL NIL NIL NIL)"
            "(\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 3 0 NIL NIL (\"en\" \"fr\") NIL) "
            "\"ALTERNATIVE\" (\"BOUNDARY\" \"c\") NIL NIL NIL) 11 NIL NIL NIL NIL)"
            "(\"IMAGE\" \"PNG\" NIL \"<i@x>\" NIL \"BASE64\" 4 \"abc\" "
            "(\"ATTACHMENT\" (\"FILENAME*\" \"utf-8''a%20b.png\" \"SIZE\" \"3\")) NIL \"http://x/\") "
            "\"MIXED\" (\"BOUNDARY\" \"b\") NIL NIL NIL)");
}

TEST(BodyStructure, WithoutExtensions) {
  EXPECT_EQ(structure("Content-Type: multipart/x; boundary=b\n\n--b\n\nhi\n\n--b--\n", false),
            "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 1) \"X\")");
}

TEST(BodyStructure, OfWhatIsBroken) {
  // Whatever a letter says, the answer keeps the grammar: a structure that is not there is text.
  for (const ByteView text : {"", "\n", "Content-Type: multipart/mixed\n\nx", "Content-Type: message/rfc822\n\n",
                              "Content-Type: multipart/mixed; boundary=b\n\nno boundary", "Content-Type: nonsense\n\n",
                              "Content-Type: text/plain; charset=\"a\nb\"\nContent-Disposition: ;;;\n\n"}) {
    const Bytes out = structure(text);
    EXPECT_THAT(out, StartsWith("(\"")) << text;
    EXPECT_EQ(std::ranges::count(out, '('), std::ranges::count(out, ')')) << out;
  }
}

Bytes octets(const message::Letter& letter, Section section) {
  const auto found = find_octets(letter, section);
  if (!found) return "NIL";
  if (const auto* place = std::get_if<Place>(&*found)) return Bytes(letter.bytes().substr(place->offset, place->size));
  return std::get<Bytes>(*found);
}

TEST(Sections, FindTheirOctets) {
  using What = Section::What;
  const Bytes text = crlf(kMixed);
  const message::Letter letter(text);
  EXPECT_EQ(octets(letter, {}), text);
  EXPECT_EQ(octets(letter, {.what = What::header}), "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n");
  EXPECT_THAT(octets(letter, {.what = What::text}), StartsWith("--b\r\n"));
  EXPECT_EQ(octets(letter, {.part = {1}}), "caf=C3=A9\r\nline\r\n");
  EXPECT_EQ(octets(letter, {.part = {2, 1}}), "plain");
  EXPECT_EQ(octets(letter, {.part = {2, 2}, .what = What::mime}),
            "Content-Type: text/html\r\nContent-Language: en, fr\r\n\r\n");
  EXPECT_EQ(octets(letter, {.part = {2}, .what = What::header_fields, .fields = {"subject", "x"}}),
            "Subject: in\r\n\r\n");
  EXPECT_EQ(octets(letter, {.part = {2}, .what = What::header_fields_not, .fields = {"Content-Type"}}),
            "Subject: in\r\n\r\n");
  EXPECT_THAT(octets(letter, {.part = {2}, .what = What::text}), StartsWith("--c\r\n"));
  EXPECT_EQ(octets(letter, {.part = {1}, .what = What::header}), "NIL");  // part 1 is no message
  EXPECT_EQ(octets(letter, {.part = {4}}), "NIL");
  EXPECT_EQ(octets(letter, {.part = {1, 1}}), "NIL");
  EXPECT_EQ(octets(letter, {.what = What::header_fields, .fields = {"X"}}), "\r\n");
}

TEST(Sections, SinglePartLettersHavePartOne) {
  const Bytes text = crlf("Subject: x\n\nbody\n");
  const message::Letter letter(text);
  EXPECT_EQ(octets(letter, {.part = {1}}), "body\r\n");
  EXPECT_EQ(octets(letter, {.part = {1}, .what = Section::What::mime}), "Subject: x\r\n\r\n");
  EXPECT_EQ(octets(letter, {.part = {1, 1}}), "NIL");
}

// A megabyte of header must not hold up a shard, whatever is in it: 20 ms, and five times that for a busy machine.
TEST(Envelope, AMegabyteOfHeaderIsQuick) {
  for (const std::string_view unit : {"g:", "<", "[", "a,", "\"", "a b ", "@[]", "@", ":", "=?utf-8?q?a?= <a@b>,"}) {
    Bytes one = "From: ", six;
    while (one.size() < 1'000'000) one += unit;
    const Bytes sixth = one.substr(6, 1'000'000 / 6);
    for (const std::string_view name : {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"})
      six += Bytes(name) + ": " + sixth + "\r\n";
    for (const Bytes& octets : {one + "\r\n\r\n", six + "\r\n"}) {
      auto best = std::chrono::nanoseconds::max();
      for (int attempt = 0; attempt < 5 && best > std::chrono::milliseconds(20); ++attempt) {
        const auto start = message::processor_time();
        const message::Letter letter(octets);
        Bytes out;
        write_envelope(out, letter, letter.root(), false);
        best = std::min(best, message::processor_time() - start);
      }
      EXPECT_LT(best, message::kSlow * std::chrono::milliseconds(100)) << unit;
    }
  }
}

TEST(Sections, WhatBinaryDecodes) {
  const Bytes text = crlf(kMixed);
  const message::Letter letter(text);
  const auto found = find_encoded(letter, {.part = {3}}).value();
  EXPECT_EQ(found->encoding, message::Encoding::base64);
  EXPECT_EQ(found->place.offset, letter.find_section({3})->body);
  EXPECT_EQ(found->place.size, letter.body_bytes(*letter.find_section({3})).size());
  EXPECT_EQ(find_encoded(letter, {.part = {1}}).value()->encoding, message::Encoding::quoted_printable);
  EXPECT_FALSE(find_encoded(letter, {.part = {9}}).value());
  const auto whole = find_encoded(letter, {}).value();
  EXPECT_EQ(whole->encoding, message::Encoding::binary);
  EXPECT_EQ(whole->place.size, text.size());
  const Bytes odd = crlf("Content-Transfer-Encoding: x-own\n\nbody\n");
  const message::Letter strange(odd);
  EXPECT_EQ(find_encoded(strange, {.part = {1}}).error().code(), Errc::unsupported);
}

TEST(Sections, Clip) {
  const auto is = [](Place place, std::size_t offset, std::size_t size) {
    EXPECT_EQ(place.offset, offset);
    EXPECT_EQ(place.size, size);
  };
  is(clip(10, {}), 0, 10);
  is(clip(10, Partial{2, 3}), 2, 3);
  is(clip(10, Partial{8, 30}), 8, 2);
  is(clip(10, Partial{10, 1}), 10, 0);
  is(clip(10, Partial{UINT64_MAX / 2, UINT64_MAX / 2}), 10, 0);
}

}  // namespace
}  // namespace chappe::proto::imap
