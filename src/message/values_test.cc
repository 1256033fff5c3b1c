// Words, parameters, dates, identifiers, trace lines, bodies: what field values and parts say once decoded.
#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/transfer.h"
#include "message/body.h"
#include "message/content.h"
#include "message/date.h"
#include "message/ids.h"
#include "message/linear_testing.h"
#include "message/received.h"
#include "message/words.h"

namespace chappe::message {
namespace {

// RFC 2047 §8
TEST(Words, RfcExamples) {
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?="), "a");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?= b"), "a b");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?="), "ab");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a_b?="), "a b");
  EXPECT_EQ(decode_text("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b");
  EXPECT_EQ(decode_text("=?US-ASCII*EN?Q?Keith_Moore?="), "Keith Moore");  // RFC 2231 §5
}

TEST(Words, CharactersSplitBetweenWords) {
  EXPECT_EQ(decode_text("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?="), "café");
  EXPECT_EQ(decode_text("=?utf-8?B?w4k=?=\r\n =?utf-8?Q?t=C3=A9?="), "Été");
}

TEST(Words, WhatPeopleWrite) {
  EXPECT_EQ(decode_text("=?utf-8?Q?with blanks inside?= x"), "with blanks inside x");
  EXPECT_EQ(decode_text("glued=?utf-8?Q?word?=glued"), "gluedwordglued");
  EXPECT_EQ(decode_text("=?utf-8?X?abc?="), "=?utf-8?X?abc?=");
  EXPECT_EQ(decode_text("=?utf-8?Q?unfinished"), "=?utf-8?Q?unfinished");
  EXPECT_EQ(decode_text("=?utf-8?Q?a =?utf-8?Q?b?="), "=?utf-8?Q?a b");
  EXPECT_EQ(decode_text("=??Q?a?="), "=??Q?a?=");
  EXPECT_EQ(decode_text("=?utf-8?q?"
                        "?="),
            "");
  EXPECT_EQ(decode_text("=?utf-8?b?w6k?="), "é");  // no padding
  EXPECT_EQ(decode_text("=?utf-8?q?=C3=A9=?="), "é=");
  EXPECT_EQ(decode_text("R\xe9sum\xe9"), "Résumé");
  EXPECT_EQ(decode_text("Résumé"), "Résumé");
  EXPECT_EQ(decode_text("  folded\r\n\tvalue "), "folded\tvalue");
}

TEST(Words, FindingsAndSafety) {
  Findings f;
  EXPECT_EQ(decode_text("=?utf-8?Q?a=0D=0ABcc:_x=00?=", &f), "a  Bcc: x\uFFFD");
  EXPECT_TRUE(f.has(Finding::word_control));
  Findings g;
  EXPECT_EQ(decode_text("=?klingon?Q?a=FF?=", &g), "a\uFFFD");
  EXPECT_TRUE(g.has(Finding::word_charset_unknown));
}

std::string parameter(ByteView value, ByteView name) {
  const ContentType type = parse_content_type(value);
  const std::string* found = type.parameters.find(name);
  return found == nullptr ? "(none)" : *found;
}

TEST(Content, MediaTypes) {
  const ContentType t = parse_content_type(" Text / HTML (comment) ; CHARSET = \"us-\\ascii\" ");
  EXPECT_EQ(t.type, "text");
  EXPECT_EQ(t.subtype, "html");
  EXPECT_TRUE(t.valid);
  EXPECT_EQ(*t.parameters.find("charset"), "us-ascii");
  for (const std::string_view bad : {"", "text", "text/", "/plain", "te xt/plain", ";charset=utf-8"}) {
    EXPECT_FALSE(parse_content_type(bad).valid) << bad;
    EXPECT_EQ(parse_content_type(bad).type, "text");
  }
  EXPECT_EQ(parameter("text; charset=utf-8", "charset"), "utf-8");
}

// RFC 2231 §3, §4, §4.1
TEST(Content, Rfc2231) {
  EXPECT_EQ(parameter("message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/x.ps\"",
                      "url"),
            "ftp://cs.utk.edu/pub/x.ps");
  const ContentType t =
      parse_content_type("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A");
  EXPECT_EQ(*t.parameters.find("title"), "This is ***fun***");
  EXPECT_EQ(t.parameters.list[0].language, "en-us");
  EXPECT_EQ(parameter("application/x-stuff\r\n ;title*0*=us-ascii'en'This%20is%20even%20more%20\r\n "
                      ";title*1*=%2A%2A%2Afun%2A%2A%2A%20\r\n ;title*2=\"isn't it!\"",
                      "title"),
            "This is even more ***fun*** isn't it!");
  EXPECT_EQ(parameter("a/b; n*1*=%C3; n*2*=%A9; n*0*=utf-8''x", "n"), "xé");  // any order, split characters
  EXPECT_EQ(parameter("a/b; n*=utf-8''%C3%A9; n=e", "n"), "é");               // the extended form wins
  EXPECT_EQ(parameter("a/b; n=e; n*0=a; n*1=b", "n"), "ab");
  EXPECT_EQ(parameter("a/b; n*0=a; n*2=c", "n"), "a");
  EXPECT_EQ(parameter("a/b; n*=iso-8859-1''%E9%ZZ%", "n"), "é%ZZ%");
  EXPECT_EQ(parameter("a/b; n*=no-quotes%41", "n"), "no-quotesA");
}

TEST(Content, WhatPeopleWrite) {
  EXPECT_EQ(parameter("a/b; name=\"=?utf-8?Q?=C3=A9t=C3=A9.pdf?=\"", "name"), "été.pdf");
  EXPECT_EQ(parameter("a/b; name==?utf-8?B?w6kucGRm?=", "name"), "é.pdf");
  EXPECT_EQ(parameter("a/b; name=my file.pdf; x=y", "name"), "my file.pdf");
  EXPECT_EQ(parameter("a/b; name=my file.pdf; x=y", "x"), "y");
  EXPECT_EQ(parameter("a/b name=x y=z", "y"), "z");
  EXPECT_EQ(parameter("a/b; name=\"unclosed; x=y", "name"), "unclosed; x=y");
  EXPECT_EQ(parameter("a/b; name=\"a\" x=y", "x"), "y");
  EXPECT_EQ(parameter("a/b;; ;name=x;", "name"), "x");
  EXPECT_EQ(parameter("a/b; name=x; NAME=y", "name"), "x");
  EXPECT_TRUE(parse_content_type("a/b; name=x; NAME=y").parameters.findings.has(Finding::parameter_duplicate));
  EXPECT_EQ(parameter("a/b; name=caf\xe9", "name"), "café");
  EXPECT_EQ(parameter("a/b; name=", "name"), "");
  EXPECT_EQ(parameter("a/b; name=\"a\r\n b\"", "name"), "a b");
  EXPECT_EQ(parameter("a/b; charset=us-ascii (Plain text); x=y", "charset"), "us-ascii");
}

TEST(Content, Dispositions) {
  EXPECT_EQ(parse_disposition("INLINE; filename=x").kind, "inline");
  EXPECT_EQ(parse_disposition("form-data").kind, "attachment");  // RFC 2183 §2.8
  EXPECT_EQ(*parse_disposition("filename=x").parameters.find("filename"), "x");
  EXPECT_EQ(*parse_disposition("; filename=x").parameters.find("filename"), "x");
  EXPECT_EQ(parse_disposition("").kind, "");
}

TEST(Content, Encodings) {
  EXPECT_EQ(parse_encoding(" (c) Base64 "), Encoding::base64);
  EXPECT_EQ(parse_encoding("quoted-printable;"), Encoding::quoted_printable);
  EXPECT_EQ(parse_encoding("\"8bit\""), Encoding::eight_bit);
  EXPECT_EQ(parse_encoding(""), Encoding::seven_bit);
  EXPECT_EQ(parse_encoding("x-uuencode"), Encoding::unknown);
}

std::string date(ByteView value) {
  const auto d = parse_date(value);
  return d ? format_date(d->time, d->offset_minutes) + (d->zone_known ? "" : " ?") : "(none)";
}

TEST(Dates, Rfc5322) {
  EXPECT_EQ(date("Fri, 21 Nov 1997 09:55:06 -0600"), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(date("Tue, 1 Jul 2003 10:52:37 +0200"), "Tue, 01 Jul 2003 10:52:37 +0200");
  EXPECT_EQ(date("Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 "
                 "(Newfoundland Time)"),
            "Thu, 13 Feb 1969 23:32:00 -0330");
  EXPECT_EQ(date("21 Nov 97 09:55:06 GMT"), "Fri, 21 Nov 1997 09:55:06 +0000");
  EXPECT_EQ(date("1 Jan 49 00:00 EST"), "Fri, 01 Jan 2049 00:00:00 -0500");
  EXPECT_EQ(date("1 Jan 102 00:00 +0000"), "Tue, 01 Jan 2002 00:00:00 +0000");
  EXPECT_EQ(date("Mon, 29 Feb 2016 23:59:60 -0000"), "Tue, 01 Mar 2016 00:00:00 +0000 ?");
  EXPECT_EQ(date("1 Jan 2020 00:00 K"), "Wed, 01 Jan 2020 00:00:00 +0000 ?");
  EXPECT_EQ(parse_date("Fri, 21 Nov 1997 09:55:06 -0600")->time.us, 880'127'706'000'000);
  EXPECT_TRUE(parse_date("Fri, 21 Nov 1997 09:55:06 -0600")->exact);
}

TEST(Dates, WhatPeopleWrite) {
  EXPECT_EQ(date("Sat Nov 21 18:46:00 2026"), "Sat, 21 Nov 2026 18:46:00 +0000 ?");
  EXPECT_EQ(date("Sat Nov 21 18:46:00 CET 2026"), "Sat, 21 Nov 2026 18:46:00 +0100");
  EXPECT_EQ(date("Sat, 21 Nov 2026 18.46.00 +0100"), "Sat, 21 Nov 2026 18:46:00 +0100");
  EXPECT_EQ(date("21-Nov-2026 18:46:00 +0100"), "Sat, 21 Nov 2026 18:46:00 +0100");
  EXPECT_EQ(date("2026-11-21T18:46:00.5Z"), "Sat, 21 Nov 2026 18:46:00 +0000");
  EXPECT_EQ(date("Sat, 21 Nov 2026 18:46:00 GMT+0100"), "Sat, 21 Nov 2026 18:46:00 +0100");
  EXPECT_EQ(date("Sat, 21 Nov 2026"), "Sat, 21 Nov 2026 00:00:00 +0000 ?");
  EXPECT_EQ(date("Saturday, 21 November 2026 18:46 +1"), "Sat, 21 Nov 2026 18:46:00 +0100");
  EXPECT_FALSE(parse_date("Saturday, 21 November 2026 18:46 +1")->exact);
}

TEST(Dates, Nonsense) {
  for (const std::string_view bad :
       {"", "today", "32 Jan 2020 00:00 +0000", "30 Feb 2020 00:00 +0000", "1 Foo 2020 00:00 +0000",
        "1 Jan 2020 24:00 +0000", "1 Jan 2020 00:60 +0000", "0 Jan 2020 00:00 +0000", "1 Jan 20200 00:00", "1 1 1",
        "Nov", "2020-13-01", "-", "1 Jan"})
    EXPECT_EQ(date(bad), "(none)") << bad;
}

TEST(Dates, FormatIsClamped) {
  EXPECT_EQ(format_date(Time{0}), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(format_date(Time{-1}), "Wed, 31 Dec 1969 23:59:59 +0000");
  EXPECT_EQ(format_date(Time{INT64_MAX}), "Fri, 31 Dec 9999 23:59:59 +0000");
  EXPECT_EQ(format_date(Time{INT64_MIN}), "Mon, 01 Jan 1900 00:00:00 +0000");
}

TEST(Ids, MessageIds) {
  EXPECT_EQ(parse_message_ids("<a@b> (c) <c@d>\r\n\t<e@f>").list, (std::vector<std::string>{"a@b", "c@d", "e@f"}));
  EXPECT_TRUE(parse_message_ids("<a@b> <c@d>").findings.empty());
  // RFC 5322 §4.5.4: phrases in In-Reply-To
  EXPECT_EQ(parse_message_ids("Your message of \"Sat\" <a@b>").list, (std::vector<std::string>{"a@b"}));
  EXPECT_EQ(parse_message_ids("a@b, c@d").list, (std::vector<std::string>{"a@b", "c@d"}));
  EXPECT_EQ(parse_message_ids("<a@b\r\n c>").list, (std::vector<std::string>{"a@bc"}));
  EXPECT_EQ(parse_message_ids("<a@b<c@d>").list, (std::vector<std::string>{"a@b", "c@d"}));
  EXPECT_TRUE(parse_message_ids("<noat>").findings.has(Finding::message_id_invalid));
  EXPECT_EQ(parse_message_id(""), std::nullopt);
  EXPECT_EQ(parse_message_id("<>"), std::nullopt);
  EXPECT_EQ(parse_message_id("<1234@local.machine.example>"), "1234@local.machine.example");
}

TEST(Ids, Lists) {
  const auto id = parse_list_id("\"=?utf-8?Q?=C3=89quipe?=\" <Team.Example.ORG>");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->id, "team.example.org");
  EXPECT_EQ(id->description, "Équipe");
  EXPECT_EQ(parse_list_id("team.example.org")->id, "team.example.org");
  EXPECT_FALSE(parse_list_id(" "));
  EXPECT_EQ(parse_list_uris("(x) <mailto:a@b?subject=u>,\r\n <https://x.example/\r\n y>"),
            (std::vector<std::string>{"mailto:a@b?subject=u", "https://x.example/y"}));
}

TEST(ReceivedLine, Clauses) {
  const Received r = parse_received(
      "from mail.example (helo.example [192.0.2.1])\r\n\tby mx.example.org (Chappe) with ESMTPS id 42\r\n\tfor "
      "<bob@example.org>;"
      "\r\n\tFri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(r.from, "mail.example");
  EXPECT_EQ(r.from_comment, "helo.example [192.0.2.1]");
  EXPECT_EQ(r.by, "mx.example.org");
  EXPECT_EQ(r.with, "ESMTPS");
  EXPECT_EQ(r.id, "42");
  EXPECT_EQ(r.for_, "bob@example.org");
  ASSERT_TRUE(r.date);
  EXPECT_EQ(r.date->time.us, 880'127'706'000'000);
  EXPECT_EQ(parse_received("from [192.0.2.1] by x").from, "[192.0.2.1]");
  EXPECT_FALSE(parse_received("by x (;) with y; never").date);
}

Letter letter_of(const std::string& bytes) { return Letter(bytes); }

TEST(Body, Decodes) {
  const std::string bytes =
      "Content-Type: text/plain; charset=iso-8859-15\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n10 "
      "=A4\r\nx=\r\ny\r\n";
  const Letter letter = letter_of(bytes);
  EXPECT_EQ(decode_body(letter, letter.root()), "10 \xa4\r\nxy\r\n");
  EXPECT_EQ(decode_text_body(letter, letter.root()), "10 €\nxy\n");
  EXPECT_EQ(decode_text_body(letter, letter.root(), nullptr, 6), "10 €\n");
}

TEST(Body, Findings) {
  const auto find = [](const std::string& bytes) {
    const Letter letter = letter_of(bytes);
    Findings f;
    decode_text_body(letter, letter.root(), &f);
    return f;
  };
  EXPECT_TRUE(find("Content-Transfer-Encoding: base64\r\n\r\nZm9v*!").has(Finding::base64_damaged));
  EXPECT_TRUE(find("Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ").has(Finding::quoted_printable_damaged));
  EXPECT_TRUE(find("Content-Transfer-Encoding: x-uue\r\n\r\nx").has(Finding::encoding_unknown));
  EXPECT_TRUE(find("Content-Type: text/plain; charset=klingon\r\n\r\nx").has(Finding::charset_unknown));
  EXPECT_TRUE(find("Content-Type: text/plain; charset=utf-8\r\n\r\n\xff").has(Finding::charset_mismatch));
  EXPECT_TRUE(find("Content-Type: text/plain; charset=utf-8\r\n\r\né").empty());
}

TEST(Body, LimitStopsDecoding) {
  const std::string bytes =
      "Content-Transfer-Encoding: base64\r\n\r\n" + codec::mime_base64_encode(std::string(1 << 20, 'x'));
  const Letter letter = letter_of(bytes);
  EXPECT_EQ(decode_body(letter, letter.root(), nullptr, 1000), std::string(1000, 'x'));
}

TEST(Body, FileNames) {
  const std::string a = "Content-Type: a/b; name=n\r\nContent-Disposition: attachment; filename=f\r\n\r\n";
  EXPECT_EQ(file_name_of(letter_of(a), letter_of(a).root()), "f");
  const std::string b = "Content-Type: a/b; name=n\r\n\r\n";
  EXPECT_EQ(file_name_of(letter_of(b), letter_of(b).root()), "n");
}

TEST(ValuesTime, Linear) {
  const auto expect = [](std::initializer_list<ByteView> units, auto run) {
    for (const ByteView unit : units) {
      const auto make = [unit](int n) {
        std::string s;
        while (s.size() < static_cast<std::size_t>(n)) s += unit;
        return s;
      };
      expect_linear(unit, 75'000, make, run);
    }
  };
  expect({"=?", "=?x?", "=?utf-8?q?", "=?utf-8?q?a?= ", "=?utf-8?b?w6k=?=", "?=", "\r\n ", "=?utf-8?q?a =?utf-8?q?"},
         [](ByteView v) { decode_text(v); });
  expect({"a", "; a=b", ";a=\"", "; a*0=b", "a ", "= ", "(", "; a b=c", "a/b ", "\"", "'", "%41", ";n*9=x"},
         [](ByteView v) { parse_content_type("a/b; n*=" + std::string(v)); });
  expect({"<", ">", "<a@b> ", "a ", "\"", "("}, [](ByteView v) { parse_message_ids(v); });
  expect({"from ", "from x (y) ", "; ", "<", "[", "("}, [](ByteView v) { parse_received(v); });
  expect({"1 ", "Jan ", "(", "+"}, [](ByteView v) { parse_date(v); });
}

}  // namespace
}  // namespace chappe::message
