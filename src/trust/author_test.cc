#include "trust/author.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "message/letter_stream.h"
#include "message/linear_testing.h"

using namespace std::string_view_literals;

namespace chappe::trust {
namespace {

std::string told(const Author& author) {
  std::string out(author_reason_row(author.reason).id);
  for (const std::string& domain : author.domains) out += " " + domain;
  if (!author.other.empty()) out += " not " + author.other;
  return out;
}

Author decide(std::string_view letter) {
  const Author whole = decide_author(message::Letter(letter));
  message::LetterStream stream;
  for (std::size_t i = 0; i < letter.size(); i += 7) stream.feed(letter.substr(i, 7));
  const message::Letter outline = stream.finish();
  EXPECT_EQ(told(decide_author(outline)), told(whole)) << letter;
  return whole;
}

std::string of_field(std::string_view field) {
  return told(decide("Subject: x\r\n" + std::string(field) + "\r\nTo: you@example.org\r\n\r\nbody\r\n"));
}

struct Case {
  std::string_view field, expected;
};

TEST(Author, One) {
  const Case cases[] = {
      {"From: pat@example.com", "single example.com"},
      {"From:pat@example.com", "single example.com"},
      {"from: Pat <pat@EXAMPLE.com>", "single example.com"},
      {"FROM:\r\n Pat\r\n\t<pat@example.com>", "single example.com"},
      {"From : pat@example.com", "single example.com"},  // RFC 5322 §4.5
      {"From: \"Pat\" <pat@example.com>", "single example.com"},
      {"From: pat@example.com (Pat)", "single example.com"},
      {"From: (Pat) pat@example.com", "single example.com"},
      {"From: \"Pat (home)\" <pat@example.com>", "single example.com"},
      {"From: \"Pat :)\" <pat@example.com>", "single example.com"},
      {"From: \"Pat :(\" <pat@example.com>", "single example.com"},
      {"From: \"pat smith\"@example.com", "single example.com"},
      {"From: \"Smith, Pat\" <pat@example.com>", "single example.com"},
      {"From: J. Smith <pat@example.com>", "single example.com"},
      {"From: =?utf-8?q?Andr=C3=A9?= <a@example.com>", "single example.com"},
      {"From: <pat@example.com>", "single example.com"},
      {"From: , pat@example.com,", "single example.com"},
      {"From: Pat <pat@b\xc3\xbc"
       "cher.example>",
       "single xn--bcher-kva.example"},
      {"From: Pat <pat@XN--BCHER-KVA.example>", "single xn--bcher-kva.example"},
      {"From: p\xc3\xa2t@example.com", "single example.com"},
      {"From: Andr\xe9 <a@example.com>", "single example.com"},
      {"From: pat@em_1.example.com", "single em_1.example.com"},
      // The name looks like an address; every reader of addresses still sees the one in brackets.
      {"From: \"ceo@bank.example\" <pat@example.com>", "single example.com"},
      {"From: \"'ceo@bank.example' via List\" <list@example.com>", "single example.com"},
  };
  for (const Case& c : cases) EXPECT_EQ(of_field(c.field), c.expected) << c.field;
}

// Names that must be written in encoded words, for they are beyond ASCII, or that somebody wrote so.
TEST(Author, HonestNamesWithAnAt) {
  const Case cases[] = {
      {"From: =?utf-8?q?Jos=C3=A9_=40_Acme?= <jose@example.com>", "single example.com"},
      {"From: =?utf-8?q?Smith=2C_Jos=C3=A9_=40_Acme?= <jose@example.com>", "single example.com"},
      {"From: =?utf-8?B?QGFjbWU=?= <a@example.com>", "single example.com"},
      {"From: =?utf-8?q?=40jos=C3=A9=2Eexample?= <a@example.com>", "single example.com"},
      {"From: =?utf-8?q?Jos=C3=A9_=40?= <a@example.com>", "single example.com"},
      {"From: a@example.com (Alice @ work)", "single example.com"},
      {"From: a@example.com (@alice)", "single example.com"},
      {"From: a@example.com (=?utf-8?q?Jos=C3=A9_=40_Acme?=)", "single example.com"},
      // As mailing lists rewrite it.
      {"From: =?utf-8?Q?'b=40other=2Enet'_via_Gro=C3=BCp?= <g@example.com>", "single example.com"},
      {"From: =?utf-8?q?b=40other=2Enet_via?= =?utf-8?q?_Gro=C3=BCp?= <g@example.com>", "single example.com"},
      {"From: =?utf-8?q?Jos=C3=A9_P=C3=A9rez_=40_acme=2Eexample?= <jose@example.com>", "single example.com"},
      {"From: \"b@other.net\" =?utf-8?q?Gro=C3=BCp?= <g@example.com>", "single example.com"},
      {"From: =?utf-8?q?'b=40other.net'_via_=C3=BC?= <a@example.com>, c@example.net",
       "several-domains example.com example.net"},
  };
  for (const Case& c : cases) EXPECT_EQ(of_field(c.field), c.expected) << c.field;
}

// Who decodes before he parses comes to junk.example.
TEST(Author, EncodedWordsThatWouldBeStructure) {
  const Case cases[] = {
      {"From: =?utf-8?q?a=40junk.example?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?_'a=40junk.example'_?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a_=40_junk_=2E_example?= <b@example.com>", "read-differently not junk"},
      {"From: =?utf-8?q?a=40?= junk.example <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk=E3=80=82example?= <b@example.com>", "read-differently not junk\\xe3\\x80\\x82example"},
      {"From: =?utf-8?q?a=40junk.example=3E?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?x_=3Ca=40junk.example=3E?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?=3C=40junk.example:b=40example.com=3E_x?= <b@example.com>",
       "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk.example=2C_x_y?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk.example=3B_x_y?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?x_y=3A_a=40junk.example_z?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk.example_=28x_y=29?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk.example_=22x_y?= <b@example.com>", "read-differently not junk.example"},
      {"From: \"p@q\" =?utf-8?q?x_=3Ca=40junk.example=3E?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk.example=3E?=@example.com", "read-differently not junk.example"},
      {"From: Pat <=?utf-8?q?a=40junk.example=3E?=b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?b?PGFAanVuay5leGFtcGxlPg==?=, <b@example.com>", "read-differently not junk.example"},
      {"From: b@example.com (=?utf-8?q?'a=40junk.example'_via_=C3=BC?=)", "read-differently not junk.example"},
      {"From: <b@example.com> =?utf-8?q?'a=40junk.example'_via_=C3=BC?=", "read-differently not junk.example"},
      {"From: a@intranet (x) <b@example.com>", "read-differently not intranet"},
  };
  for (const Case& c : cases) EXPECT_EQ(of_field(c.field), c.expected) << c.field;
}

TEST(Author, NameThatIsAnAddressIsInTheFindings) {
  const Author a = decide("From: \"ceo@bank.example\" <pat@example.com>\r\n\r\n");
  EXPECT_EQ(a.class_(), AuthorClass::one);
  EXPECT_TRUE(a.findings.has(message::Finding::name_is_address));
}

TEST(Author, SeveralAuthors) {
  const Case cases[] = {
      {"From: a@example.com, b@example.com", "same-domain example.com"},
      {"From: a@example.com, b@Example.COM, c@example.com", "same-domain example.com"},
      {"From: a@example.com, b@example.net", "several-domains example.com example.net"},
      {"From: a@example.com, Pat <b@bank.example>, c@example.com", "several-domains example.com bank.example"},
      {"From: a@a.example, a@b.example, a@c.example, a@d.example",
       "several-domains a.example b.example c.example d.example"},
      {"From: a@a.example, a@b.example, a@c.example, a@d.example, a@e.example", "too-many-domains"},
      {"From: a@b\xc3\xbc"
       "cher.example, b@xn--bcher-kva.example",
       "same-domain xn--bcher-kva.example"},
  };
  for (const Case& c : cases) EXPECT_EQ(of_field(c.field), c.expected) << c.field;
}

TEST(Author, None) {
  EXPECT_EQ(of_field("Sender: a@example.com"), "from-missing");
  EXPECT_EQ(of_field("X-From: a@example.com"), "from-missing");
  EXPECT_EQ(told(decide("")), "from-missing");
  const Case cases[] = {
      {"From:", "from-empty"},
      {"From: (nobody)", "from-empty"},
      {"From: <>", "from-empty"},
      {"From: Pat <>", "from-empty"},
      {"From: undisclosed:;", "from-empty"},
      {"From: root", "without-domain"},
      {"From: Pat <root>", "without-domain"},
      {"From: Pat Smith", "without-domain"},
      {"From: pat@[192.0.2.1]", "address-literal"},
      {"From: Pat <pat@[IPv6:2001:db8::1]>", "address-literal"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(of_field(c.field), c.expected) << c.field;
    EXPECT_EQ(decide(std::string(c.field) + "\r\n\r\n").class_(), AuthorClass::no_author) << c.field;
  }
}

// What two parsers are known to read differently. The domain that is not to be believed is junk.example.
TEST(Author, Ambiguous) {
  const Case cases[] = {
      {"From: a@example.com\r\nFrom: b@junk.example", "several-fields"},
      {"From: a@example.com\r\nFrom: a@example.com", "several-fields"},
      {"From : a@junk.example\r\nFrom: b@example.com", "several-fields"},
      {"From:\r\nfrom: b@example.com", "several-fields"},
      {"From: \"x <a@junk.example>\"@example.com", "read-differently not junk.example"},
      {"From: \"a@junk.example\"@example.com", "read-differently not junk.example"},
      {"From: <\"a@junk.example,\"@example.com>", "read-differently not junk.example"},
      {"From: a@junk.example <b@example.com>", "read-differently not junk.example"},
      {"From: <a@junk.example> b@example.com", "read-differently not example.com"},
      {"From: <a@junk.example> <b@example.com>", "read-differently not example.com"},
      {"From: a@junk.example b@example.com", "read-differently not example.com"},
      {"From: a@junk.example, <b@example.com", "read-differently not example.com"},
      {"From: (b@junk.example) a@example.com", "read-differently not junk.example"},
      {"From: a@example.com (b@junk.example)", "read-differently not junk.example"},
      {"From: Pat (<b@junk.example>) <a@example.com>", "read-differently not junk.example"},
      {"From: a@junk.example(x).example.com", "read-differently not junk.example"},
      {"From: a(@junk.example)@example.com", "read-differently not junk.example"},
      {"From: <@junk.example:a@example.com>", "read-differently not junk.example"},
      {"From: <@example.com,@junk.example:a@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?q?a=40junk.example?= <b@example.com>", "read-differently not junk.example"},
      {"From: =?utf-8?b?PGFAanVuay5leGFtcGxlPg==?= <b@example.com>", "read-differently not junk.example"},
      {"From: \"(\" <a@junk.example> \")\" <b@example.com>", "read-differently not example.com"},
      {"From: \"(\" <a@junk.example>, \")\" <b@example.com>", "read-differently not example.com"},
      {"From: Friends: a@junk.example, b@example.com;", "read-differently not example.com"},
      {"From: Pat: <a@example.com>, x@junk.example", "read-differently not junk.example"},
      {"From: \"Pat <a@junk.example>", "without-domain"},
      {"From: Pat <b@example.com> \"x <a@junk.example>", "read-differently not junk.example"},
      {"From: a@example.com,\r\n \r\n b@junk.example", "read-differently not junk.example"},
      {"From: (b@junk.example), a@example.com", "read-differently not junk.example"},
      {"From: \"Pat <a@junk.example>\" <b@example.com>", "read-differently not junk.example"},
      {"From: \"a@junk.example,\" <b@example.com>", "read-differently not junk.example"},
      {"From: \"x\\\" <a@junk.example>, \\\"\" <b@example.com>", "read-differently not junk.example"},
      {"From: Pat\\\"x <a@junk.example>\" <b@example.com>", "read-differently not junk.example"},
      {"X: y\rFrom: a@junk.example\r\nFrom: b@example.com", "several-fields"},
      {"X: y\rfrom : a@junk.example\r\nFrom: b@example.com", "several-fields"},
      {"From: a@example.com@junk.example", "domain-invalid"},
      {"From: a@-junk.example", "domain-invalid"},
      {"From: a@example..com", "domain-invalid"},
      {"From: a@example.com.", "domain-invalid"},
      {"From: a@exa\"mple.com", "read-differently not exa"},
      {"From: a@junk!example.com", "domain-invalid"},
      {"From: a@192.0.2.1", "domain-invalid"},
      {"From: a@[192.0.2.1], b@example.com", "domain-invalid"},
      {"From: a@example\xe3\x80\x82"
       "com",
       "domain-dots"},
      {"From: a@example\xff.com", "domain-invalid"},
      {"From: a@junk.example\r<b@example.com>", "control-octets"},
      {"From: a\x01@example.com", "control-octets"},
  };
  for (const Case& c : cases) EXPECT_EQ(of_field(c.field), c.expected) << c.field;
  EXPECT_EQ(of_field("From: a@junk.example\0b@example.com"sv), "control-octets");
  EXPECT_EQ(of_field("From: \"a\0b\" <a@example.com>"sv), "control-octets");
}

// Untidy, but every reader who finds a domain finds this one.
TEST(Author, OneDomainInEveryReading) {
  const Case cases[] = {
      {"From: a@example.com <a@example.com>", "single example.com"},
      {"From: \"x@example.com\"@example.com", "single example.com"},
      {"From: <@example.com:a@example.com>", "single example.com"},
      {"From: Smith, Pat <pat@example.com>", "same-domain example.com"},
      {"From: Pat <pat@example.com", "single example.com"},
      {"From: Team: a@example.com, b@example.com;", "same-domain example.com"},
      {"From: Re: Pat <pat@example.com>", "single example.com"},
      {"From: pat(home)@example.com", "single example.com"},
      {"From: =?utf-8?q?pat=40example.com?= <pat@example.com>", "single example.com"},
  };
  for (const Case& c : cases) EXPECT_EQ(of_field(c.field), c.expected) << c.field;
}

TEST(Author, HeadersThatOthersReadOn) {
  EXPECT_EQ(told(decide("From: a@example.com\r\nno field\r\nFrom: b@junk.example\r\n\r\nx")), "header-cut");
  EXPECT_EQ(told(decide("From\0: b@junk.example\r\nFrom: a@example.com\r\n\r\nx"sv)), "header-cut");
  EXPECT_EQ(told(decide(" From: b@junk.example\r\nFrom: a@example.com\r\n\r\nx")), "header-cut");
  EXPECT_EQ(told(decide("From: a@example.com\r\nFr\xc3\xb6m: b@junk.example\r\n\r\nx")), "header-cut");
  // A message inside is another letter.
  EXPECT_EQ(told(decide(
                "From: a@example.com\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@junk.example\r\nbroken\r\n\r\nx")),
            "single example.com");
  // However much else is found before.
  std::string spaced = "From: a@example.com\r\n";
  for (int i = 0; i < 300; ++i) spaced += "X : y\r\n";
  EXPECT_EQ(told(decide(spaced + "no field\r\nFrom: b@junk.example\r\n\r\n")), "header-cut");
  EXPECT_EQ(told(decide(spaced + "\r\n")), "single example.com");
  std::string many = spaced;
  for (int i = 0; i < 20'001; ++i) many += "X: y\r\n";
  EXPECT_EQ(told(decide_author(message::Letter(many + "From: b@junk.example\r\n\r\n"))), "header-limit");
}

TEST(Author, LinearTime) {
  for (const char* unit : {"@", "a@b.example,", "(", "\"(", "=?utf-8?q?=40?= ", "=?utf-8?q?a=40b.c_d?= ", " @ ", "(@ )",
                           "<", "a:b@c.example;", ".", "@a\xc3\xbc"}) {
    const auto make = [unit](int n) {
      std::string out = "From: ";
      for (int i = 0; i < n; ++i) out += unit;
      return out + "\r\n\r\n";
    };
    message::expect_linear(unit, 15'000, make,
                           [](const std::string& letter) { decide_author(message::Letter(letter)); });
  }
}

TEST(Author, TableIsInOrder) {
  std::set<std::string_view> ids;
  for (int i = 0; i <= static_cast<int>(AuthorReason::too_many_domains); ++i) {
    const AuthorReasonRow& row = author_reason_row(static_cast<AuthorReason>(i));
    EXPECT_EQ(static_cast<int>(row.reason), i);
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_NE(row.text(message::Lang::en), row.text(message::Lang::fr));
  }
}

}  // namespace
}  // namespace chappe::trust
