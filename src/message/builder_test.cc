#include "message/builder.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/transfer.h"
#include "message/body.h"
#include "message/check.h"
#include "message/date.h"
#include "message/ids.h"
#include "message/letter.h"
#include "message/words.h"

namespace chappe::message {
namespace {

void expect_lines_fit(ByteView bytes, std::size_t limit) {
  for (std::string_view line : split(bytes, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    EXPECT_LE(line.size(), limit) << line;
  }
}

std::string read_text(const HeaderBlock& header) {
  const std::string bytes = header.bytes() + "\r\n";
  const Letter letter(bytes);
  EXPECT_EQ(letter.fields().size(), 1u);
  EXPECT_TRUE(letter.root().blank_line);
  return letter.fields().empty() ? "" : decode_text(letter.fields()[0].value());
}

TEST(Builder, TextFields) {
  EXPECT_EQ(HeaderBlock().text("Subject", "Hello world").bytes(), "Subject: Hello world\r\n");
  EXPECT_EQ(HeaderBlock().text("Subject", "").bytes(), "Subject:\r\n");
  EXPECT_EQ(HeaderBlock().text("Subject", "Un café serré").bytes(), "Subject: Un =?utf-8?q?caf=C3=A9_serr=C3=A9?=\r\n");
  const std::string words(500, 'w');
  for (const std::string& text :
       {std::string("plain"), std::string("été à la plage, où ça ? — là-bas"),
        std::string("日本語の長い件名がここにあります。とても長いので折り返しが必要です。"),
        std::string("=?utf-8?q?not_a_word?= literal"), "long " + words + " " + words, std::string(2000, 'x'),
        std::string(300, ' ') + "x", std::string(" lead and trail "), std::string("a  b\tc"),
        std::string("mixed é words and é plain ones é é é and plain again")}) {
    const HeaderBlock header = HeaderBlock().text("Subject", text);
    expect_lines_fit(header.bytes(), 998);
    // Text from here to there keeps everything but blanks at its ends that stand outside of encoded words.
    EXPECT_EQ(read_text(header), text);
  }
}

TEST(Builder, LongTextIsFolded) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += i % 7 == 0 ? "naïve " : "words ";
  text += "end";
  const HeaderBlock header = HeaderBlock().text("Subject", text);
  expect_lines_fit(header.bytes(), 78);
  EXPECT_EQ(read_text(header), text);
}

TEST(Builder, NobodyCanAddAField) {
  const HeaderBlock header = HeaderBlock()
                                 .text("Sub\r\nX: y:ject", "a\r\nBcc: b@c\n\n")
                                 .structured("X", "a\r\n\r\nbody")
                                 .addresses("To", std::vector{mailbox("a\r\nb: c", "x\r\ny", "d\r\ne")})
                                 .ids("References", std::vector<std::string>{"a@b>\r\nX: y<"})
                                 .with_parameters("Content-Type", "a/b\r\nX: y", {{"n", "v\r\nX: y"}});
  const std::string bytes = header.bytes() + "\r\nend";
  const Letter letter(bytes);
  EXPECT_EQ(letter.fields().size(), 5u);
  EXPECT_EQ(letter.body_bytes(letter.root()), "end");
}

TEST(Builder, Addresses) {
  const std::vector<Address> list = {
      mailbox("", "jdoe", "example.org"),
      mailbox("Joe Public", "j", "x.example"),
      mailbox("Joe Q. Public", "j", "x.example"),
      mailbox("Zoë \"Z\" Ö", "z", "x.example"),
      mailbox("a@b <c>", "d", "x.example"),
      mailbox("", "john doe", "x.example"),
      mailbox("", "\"\\", "x.example"),
      mailbox("Bü", "bü", "bücher.example"),
      mailbox(std::string(200, 'n') + ", x", "l", "x.example"),
      mailbox("", "a", "[IPv6:2001:db8::1]"),
  };
  const HeaderBlock header = HeaderBlock().addresses("To", list);
  const std::string bytes = header.bytes() + "\r\n";
  const Letter letter(bytes);
  const AddressList read = parse_addresses(letter.fields()[0].value());
  ASSERT_EQ(read.entries.size(), list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(read.entries[i].name, list[i].name);
    EXPECT_EQ(read.entries[i].local, list[i].local);
    EXPECT_EQ(read.entries[i].domain, list[i].domain);
  }
  EXPECT_FALSE(read.findings.has(Finding::address_invalid));
  EXPECT_FALSE(read.findings.has(Finding::word_in_quoted));
  expect_lines_fit(bytes, 300);
}

TEST(Builder, Groups) {
  Address begin, end, empty;
  begin.kind = empty.kind = Address::Kind::group_begin;
  begin.name = "Team é";
  empty.name = "Undisclosed recipients";
  end.kind = Address::Kind::group_end;
  const std::vector<Address> list = {
      begin, mailbox("", "a", "x"), mailbox("B", "b", "x"), end, mailbox("", "c", "x"), empty, end};
  const std::string bytes = HeaderBlock().addresses("To", list).bytes() + "\r\n";
  const Letter letter(bytes);
  const AddressList read = parse_addresses(letter.fields()[0].value());
  ASSERT_EQ(read.entries.size(), list.size()) << bytes;
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(read.entries[i].kind, list[i].kind) << i;
    EXPECT_EQ(read.entries[i].name, list[i].name) << i;
  }
  EXPECT_TRUE(read.findings.empty());
}

TEST(Builder, Parameters) {
  const std::string long_name(300, 'f');
  for (const std::string& value :
       {std::string("plain.pdf"), std::string("two words.pdf"), std::string("a\"b\\c.pdf"), std::string("été.pdf"),
        std::string(), long_name + ".pdf", long_name + "é.pdf", std::string("日本語日本語日本語日本語日本語日本語.txt"),
        std::string("100%'s.txt")}) {
    const std::string bytes =
        HeaderBlock().with_parameters("Content-Disposition", "attachment", {{"filename", value}, {"x", "y"}}).bytes();
    expect_lines_fit(bytes, 78);
    const Letter letter(bytes);
    const Disposition d = parse_disposition(letter.fields()[0].value());
    ASSERT_NE(d.parameters.find("filename"), nullptr) << bytes;
    EXPECT_EQ(*d.parameters.find("filename"), value) << bytes;
    EXPECT_EQ(*d.parameters.find("x"), "y");
    EXPECT_TRUE(d.parameters.findings.empty()) << bytes;
  }
}

TEST(Builder, WholeLetterComesBack) {
  SeededRandom random(5);
  const Bytes image = random.bytes(10'000);
  const std::string text = "Bonjour,\n\nça va ?\n\nFrom here\n.\n" + std::string(1200, 'x') + "\n";
  HeaderBlock header;
  header.addresses("From", std::vector{mailbox("René", "rene", "example.org")})
      .text("Subject", "Été")
      .date("Date", Time{880'127'706'000'000}, -360)
      .ids("Message-ID", std::vector<std::string>{make_message_id(Time{880'127'706'000'000}, random, "example.org")});
  std::vector<Entity> alternatives;
  alternatives.push_back(Entity::text(text));
  alternatives.push_back(Entity::text("<p>ascii</p>\r\n", "html"));
  std::vector<Entity> parts;
  parts.push_back(Entity::multipart("alternative", std::move(alternatives)));
  parts.push_back(
      Entity::data("image/png", image).attachment("Capture d’écran.png").content_id("i@x").description("Écran"));
  parts.push_back(Entity::message("Subject: inner\r\n\r\nbody\r\n"));
  parts.push_back(Entity::lines("message/delivery-status", "Reporting-MTA: dns; x\n"));
  const Bytes bytes =
      build_letter(header, Entity::multipart("mixed", std::move(parts), {{"report-type", "x"}}), random);
  expect_lines_fit(bytes, 78);

  const Letter letter(bytes);
  const Findings findings = check(letter);
  EXPECT_TRUE(findings.empty()) << finding_row(findings.places()[0].id).name << "\n" << bytes;
  ASSERT_EQ(letter.parts().size(), 8u);
  EXPECT_EQ(decode_text_body(letter, *letter.find_section({1, 1})), text);
  EXPECT_EQ(decode_text_body(letter, *letter.find_section({1, 2})), "<p>ascii</p>\n");
  const Part& png = *letter.find_section({2});
  EXPECT_EQ(decode_body(letter, png), image);
  EXPECT_EQ(file_name_of(letter, png), "Capture d’écran.png");
  EXPECT_EQ(parse_message_id(letter.find(png, FieldName::content_id)->value()), "i@x");
  EXPECT_EQ(decode_text(letter.find(png, FieldName::content_description)->value()), "Écran");
  EXPECT_EQ(letter.body_bytes(*letter.find_section({3})), "Subject: inner\r\n\r\nbody\r\n");
  EXPECT_EQ(parse_date(letter.find(FieldName::date)->value())->time.us, 880'127'706'000'000);
  EXPECT_EQ(parse_addresses(letter.find(FieldName::from)->value()).first()->name, "René");
}

std::string encoding_for(std::string text, bool allow_8bit) {
  SeededRandom random(1);
  const Bytes bytes = build_letter({}, Entity::text(text), random, {.allow_8bit = allow_8bit});
  const Letter letter(bytes);
  std::string expected;
  for (const char c : text)
    if (c != '\r') expected += c;
  EXPECT_EQ(decode_text_body(letter, letter.root()), expected);
  return std::string(encoding_name(encoding_of(letter, letter.root())));
}

TEST(Builder, TextTakesThePlainestEncoding) {
  EXPECT_EQ(encoding_for("ascii\r\nlines\n", false), "7bit");
  EXPECT_EQ(encoding_for("une été\n", true), "8bit");
  EXPECT_EQ(encoding_for("un texte avec un seul accent é et rien d'autre\n", false), "quoted-printable");
  EXPECT_EQ(encoding_for("日本語\n", false), "base64");
  EXPECT_EQ(encoding_for(std::string(999, 'x'), false), "quoted-printable");
  EXPECT_EQ(encoding_for(std::string(998, 'x'), false), "7bit");
  EXPECT_EQ(encoding_for("From me\n", true), "quoted-printable");
}

TEST(Builder, EightBitIsDeclaredAllTheWayUp) {
  SeededRandom random(1);
  std::vector<Entity> inner;
  inner.push_back(Entity::text("é\n"));
  std::vector<Entity> outer;
  outer.push_back(Entity::multipart("alternative", std::move(inner)));
  outer.push_back(Entity::text("a\n"));
  const Bytes bytes = build_letter({}, Entity::multipart("mixed", std::move(outer)), random, {.allow_8bit = true});
  const Letter letter(bytes);
  EXPECT_EQ(encoding_of(letter, letter.root()), Encoding::eight_bit);  // RFC 2045 §6.4
  EXPECT_EQ(encoding_of(letter, letter.part(1)), Encoding::eight_bit);
  EXPECT_EQ(encoding_of(letter, letter.part(3)), Encoding::seven_bit);
}

TEST(Builder, MessageIdsDiffer) {
  const std::string a = make_message_id(Time{1}, system_random(), "x"),
                    b = make_message_id(Time{1}, system_random(), "x");
  EXPECT_NE(a, b);
  EXPECT_TRUE(parse_message_ids("<" + a + ">").findings.empty());
}

}  // namespace
}  // namespace chappe::message
