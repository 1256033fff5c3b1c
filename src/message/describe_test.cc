#include "message/describe.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "codec/utf8.h"
#include "message/check.h"

namespace chappe::message {
namespace {

constexpr std::string_view kLetter =
    "From: =?utf-8?Q?Ren=C3=A9?= <rene@example.org>\r\n"
    "To: Team: a@x.example, b@x.example;\r\n"
    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
    "Message-ID: <1@example.org>\r\n"
    "Subject: =?utf-8?Q?=1B[31mred=1B[0m?=\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "\r\n"
    "caf\xe9 \x1b]0;title\x07\r\n"
    "--b\r\n"
    "Content-Type: application/pdf\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%C3%A9.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "AAEC\r\n"
    "--b--\r\n";

TEST(Describe, TextIsFitForATerminal) {
  const std::string text = describe(kLetter, {});
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << int(c);
  for (const std::string_view part :
       {"René <rene@example.org>", "group Team:", "1997-11-21T15:55:06", "1 text/plain iso-8859-1 7bit",
        "2 application/pdf base64 \"é.pdf\"", "| café \\x1b]0;title\\x07", "\\x1b[31mred"})
    EXPECT_NE(text.find(part), text.npos) << part << "\n" << text;
  EXPECT_NE(describe(kLetter, {.lang = Lang::fr}).find("En-tête"), std::string::npos);
}

TEST(Describe, JsonHoldsTheSame) {
  const auto json = codec::json::parse(describe(kLetter, {.json = true}));
  ASSERT_TRUE(json) << json.error().text();
  const auto& parts = json->find("parts")->items();
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[1].get_string("text").value(), "café \x1b]0;title\x07");
  EXPECT_EQ(parts[1].get_string("section").value(), "1");
  EXPECT_EQ(parts[2].get_string("file_name").value(), "é.pdf");
  EXPECT_EQ(parts[2].get_int("decoded_octets").value(), 3);
  const auto& header = json->find("header")->items();
  ASSERT_EQ(header.size(), 6u);
  EXPECT_EQ(header[0].find("addresses")->items()[0].get_string("name").value(), "René");
  EXPECT_EQ(header[2].get_string("time").value().substr(0, 19), "1997-11-21T15:55:06");
  const auto& first = parts[1];
  EXPECT_EQ(kLetter.substr(static_cast<std::size_t>(first.get_int("body").value()), 3), "caf");
}

TEST(Describe, CutsLongTexts) {
  const std::string letter = "Subject: x\r\n\r\n" + std::string(5000, 'y');
  EXPECT_NE(describe(letter, {}).find("octets in all: 5000"), std::string::npos);
  EXPECT_EQ(describe(letter, {}).find(std::string(2001, 'y')), std::string::npos);
}

TEST(Describe, AnyBytes) {
  for (const std::string_view bytes :
       {std::string_view(), std::string_view("\0", 1), std::string_view("\xff\xfe\r\n\r\n\x9b")}) {
    EXPECT_TRUE(codec::utf8_valid(describe(bytes, {})));
    EXPECT_TRUE(codec::json::parse(describe(bytes, {.json = true})));
  }
}

TEST(Describe, TerminalSafe) {
  EXPECT_EQ(terminal_safe("a\x1b[0m\r\n\xc2\x9b\u202e\xff é\t."), "a\\x1b[0m\\x0d\n\\x9b\\u{202e}\uFFFD é .");
}

Findings check_of(std::string_view bytes) { return check(Letter(bytes)); }

TEST(Check, CleanLetter) {
  const Findings f = check_of(
      "From: a@b.example\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <x@y>\r\nSubject: x\r\n\r\nbody\r\n");
  EXPECT_TRUE(f.empty()) << finding_row(f.places()[0].id).name;
}

TEST(Check, Authors) {
  EXPECT_TRUE(check_of("Subject: x\r\n\r\n").has(Finding::from_missing));
  EXPECT_TRUE(check_of("From: <>\r\n\r\n").has(Finding::from_missing));
  EXPECT_TRUE(check_of("From: a@b\r\nFrom: c@d\r\n\r\n").has(Finding::from_multiple));
  EXPECT_TRUE(check_of("From: a@b\r\nFROM : c@d\r\n\r\n").has(Finding::from_multiple));
  const Findings several = check_of("From: a@b, c@d\r\n\r\n");
  EXPECT_TRUE(several.has(Finding::from_several_authors));
  EXPECT_TRUE(several.has(Finding::sender_missing));
  EXPECT_FALSE(check_of("From: a@b, c@d\r\nSender: a@b\r\n\r\n").has(Finding::sender_missing));
  EXPECT_TRUE(check_of("From: G: a@b;\r\n\r\n").has(Finding::from_group));
}

TEST(Check, Octets) {
  EXPECT_TRUE(check_of(std::string_view("A: \0\r\n\r\n", 8)).has(Finding::nul_in_header));
  const Findings body = check_of(std::string_view("A: x\r\n\r\n\0", 9));
  EXPECT_TRUE(body.has(Finding::nul_in_body));
  EXPECT_FALSE(body.has(Finding::nul_in_header));
  EXPECT_TRUE(check_of("A: b\n\nx").has(Finding::bare_lf));
  EXPECT_TRUE(check_of("A: b\r\n\r\nx\ry").has(Finding::bare_cr));
  EXPECT_TRUE(check_of("A: " + std::string(996, 'x') + "\r\n\r\n").has(Finding::long_line));
  EXPECT_FALSE(check_of("A: " + std::string(995, 'x') + "\r\n\r\n").has(Finding::long_line));
  EXPECT_TRUE(check_of("Subject: \xff\r\n\r\n").has(Finding::raw_8bit_header));
}

TEST(Check, Fields) {
  EXPECT_TRUE(check_of("Subject: a\r\nSubject: b\r\n\r\n").has(Finding::duplicate_field));
  EXPECT_FALSE(check_of("Received: a\r\nReceived: b\r\n\r\n").has(Finding::duplicate_field));
  EXPECT_TRUE(check_of("Date: never\r\n\r\n").has(Finding::date_invalid));
  EXPECT_TRUE(check_of("From: \"a@b\"@c\r\n\r\n").has(Finding::address_quoted_at));
  EXPECT_TRUE(check_of("Content-Transfer-Encoding: base64\r\n\r\n!!!").has(Finding::base64_damaged));
  EXPECT_FALSE(
      check(Letter("Content-Transfer-Encoding: base64\r\n\r\n!!!"), {.bodies = false}).has(Finding::base64_damaged));
}

TEST(FindingTable, RowsAreInOrderAndSaySomething) {
  for (int i = 0; i < kFindingCount; ++i) {
    const FindingRow& row = finding_row(static_cast<Finding>(i));
    EXPECT_EQ(static_cast<int>(row.id), i);
    EXPECT_TRUE(row.en.ends_with('.') && row.fr.ends_with('.')) << row.name;
  }
}

TEST(FindingTable, PlacesAreBounded) {
  Findings f;
  for (int i = 0; i < 10'000; ++i) f.add(Finding::bare_cr);
  EXPECT_EQ(f.places().size(), Findings::kMaxPlaces);
  f.add(Finding::from_multiple);
  EXPECT_TRUE(f.has(Finding::from_multiple));
  EXPECT_EQ(f.worst(), Severity::danger);
}

}  // namespace
}  // namespace chappe::message
