#include "message/address.h"

#include <gtest/gtest.h>

#include "message/linear_testing.h"

namespace chappe::message {
namespace {

// "name <spec>" for each mailbox, "name:" and ";" for groups, joined with "|".
std::string show(ByteView value) {
  std::string out;
  for (const Address& a : parse_addresses(value).entries) {
    if (!out.empty()) out += '|';
    switch (a.kind) {
      case Address::Kind::mailbox:
        out += a.name + (a.name.empty() ? "<" : " <") + a.spec() + ">";
        break;
      case Address::Kind::group_begin:
        out += a.name + ":";
        break;
      case Address::Kind::group_end:
        out += ";";
        break;
    }
  }
  return out;
}

bool finds(ByteView value, Finding id) { return parse_addresses(value).findings.has(id); }

TEST(Address, PlainForms) {
  EXPECT_EQ(show("jdoe@example.org"), "<jdoe@example.org>");
  EXPECT_EQ(show(" John Doe <jdoe@machine.example> "), "John Doe <jdoe@machine.example>");
  EXPECT_EQ(show("\"Joe Q. \\\"Public\\\"\" <j@example.com>, k@x.test"),
            "Joe Q. \"Public\" <j@example.com>|<k@x.test>");
  EXPECT_EQ(show("Joe Q. Public <j@example.com>"), "Joe Q. Public <j@example.com>");  // RFC 5322 §4.1 obs-phrase
  EXPECT_EQ(show("<boss@nil.test>"), "<boss@nil.test>");
  EXPECT_EQ(show("<>"), "<>");
  EXPECT_EQ(show(""), "");
  EXPECT_EQ(show("a@[192.0.2.1], b@[IPv6:2001:db8::1]"), "<a@[192.0.2.1]>|<b@[IPv6:2001:db8::1]>");
  EXPECT_EQ(show("[List] Bob <b@c>"), "[List] Bob <b@c>");
  for (const std::string_view clean :
       {"jdoe@example.org", "J D <a@b>, \"x, y\" <c@d>", "<>", "a@[192.0.2.1]", "A: b@c;"})
    EXPECT_TRUE(parse_addresses(clean).findings.empty()) << clean;
}

// The examples of RFC 5322 §A.
TEST(Address, RfcExamples) {
  EXPECT_EQ(show("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
            "A Group:|Ed Jones <c@a.test>|<joe@where.test>|John <jdoe@one.test>|;");
  EXPECT_EQ(show("Undisclosed recipients:;"), "Undisclosed recipients:|;");
  const AddressList pete = parse_addresses("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>");
  ASSERT_EQ(pete.entries.size(), 1u);
  EXPECT_EQ(pete.entries[0].name, "Pete");
  EXPECT_EQ(pete.entries[0].spec(), "pete@silly.test");
  EXPECT_EQ(pete.entries[0].comment, "A nice ) chap his account his host");
  EXPECT_TRUE(pete.findings.has(Finding::address_comment));
  EXPECT_EQ(
      show("A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org,\r\n  "
           "John <jdoe@one.test> (my dear friend); (the end of the group)"),
      "A Group:|Chris Jones <c@public.example>|<joe@example.org>|John <jdoe@one.test>|;");
  EXPECT_EQ(show("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"), "Hidden recipients:|;");
  EXPECT_EQ(show("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example"),
            "Mary Smith <mary@example.net>|<jdoe@test.example>");
}

TEST(Address, Routes) {
  const AddressList list = parse_addresses("<@a.test,@b.test:c@d.test>");
  EXPECT_EQ(list.entries[0].spec(), "c@d.test");
  EXPECT_EQ(list.entries[0].route, "@a.test,@b.test");
  EXPECT_TRUE(list.findings.has(Finding::address_route));
}

TEST(Address, LocalParts) {
  const AddressList quoted = parse_addresses("\"john doe\"@example.org");
  EXPECT_EQ(quoted.entries[0].local, "john doe");
  EXPECT_EQ(quoted.entries[0].spec(), "\"john doe\"@example.org");
  EXPECT_TRUE(quoted.findings.has(Finding::address_quoted_local));
  EXPECT_EQ(show("\"john\"@example.org"), "<john@example.org>");  // RFC 5321 §4.1.2: the same mailbox
  EXPECT_EQ(show("\"a\".\"b\"@x"), "<a.b@x>");
  EXPECT_EQ(show("\"q\\\"uo\\\\te\"@x"), "<\"q\\\"uo\\\\te\"@x>");
  EXPECT_EQ(show("a..b@x"), "<\"a..b\"@x>");
  EXPECT_EQ(show("pat (Pat) @ x"), "<pat@x>");
  EXPECT_EQ(parse_addresses("pat@x (Pat)").entries[0].display(), "Pat");
}

TEST(Address, Names) {
  EXPECT_EQ(show("=?utf-8?Q?Fran=C3=A7ois?= =?utf-8?Q?_D=2E?= <f@x>"), "François D. <f@x>");
  const AddressList list = parse_addresses("=?utf-8?B?w4k=?= Z <e@x>");
  EXPECT_EQ(list.entries[0].name, "É Z");
  EXPECT_EQ(list.entries[0].raw_name, "=?utf-8?B?w4k=?= Z");
  EXPECT_EQ(show("\"=?iso-8859-1?Q?R=E9mi?=\" <r@x>"), "Rémi <r@x>");
  EXPECT_TRUE(finds("\"=?iso-8859-1?Q?R=E9mi?=\" <r@x>", Finding::word_in_quoted));
  EXPECT_EQ(show("Rémi <rémi@exämple.org>"), "Rémi <rémi@exämple.org>");  // RFC 6532
  EXPECT_EQ(show("R\xe9mi <r@x>"), "Rémi <r@x>");
}

// What two parsers read in two ways must not pass silently. The attacks are those of "Composition Kills" and the like.
TEST(Address, AmbiguityIsAFinding) {
  const AddressList hidden = parse_addresses("\"x <a@junk.example>\"@mine.example");
  ASSERT_EQ(hidden.mailboxes(), 1u);
  EXPECT_EQ(hidden.first()->domain, "mine.example");
  EXPECT_TRUE(hidden.findings.has(Finding::address_quoted_at));

  EXPECT_EQ(show("=?utf-8?Q?boss=40bank.example?= <a@evil.example>"), "boss@bank.example <a@evil.example>");
  EXPECT_TRUE(finds("=?utf-8?Q?boss=40bank.example?= <a@evil.example>", Finding::address_word_at));
  EXPECT_TRUE(finds("=?utf-8?Q?=3Cb=40c=3E?=", Finding::address_invalid));
  EXPECT_EQ(parse_addresses("=?utf-8?Q?a=40b=2Eexample?=").first()->domain, "");

  EXPECT_TRUE(finds("\"boss@bank.example\" <a@evil.example>", Finding::name_is_address));
  EXPECT_FALSE(finds("\"a@x.example\" <a@x.example>", Finding::name_is_address));

  for (const std::string_view value : {"a@b@c", "<a@b@c>", "a@b <c@d> <e@f>", "a@b c@d", "<a@b> c@d", "<a b@c>", "a@",
                                       "@b", "boss@bank <a@b", "<<a@b>>", "a@b; c@d", "\"unclosed <a@b>",
                                       "(unclosed a@b", "A: a@b", "a@b,c", "a@b <>", "bare", "<a>", "x\\@y@z"})
    EXPECT_GE(parse_addresses(value).findings.worst(), Severity::warn) << value;

  EXPECT_TRUE(finds(std::string_view("a\0b@c", 5), Finding::address_control));
  EXPECT_TRUE(finds("a@b.example(.evil.example", Finding::address_unclosed));
  for (const std::string_view value :
       {"a@b..c", "a@-b", "a@b-", "a@b/c", "a@b c", "a@exa\x01mple", "a@[1.2.3.4", "a@.b", "a@b."})
    EXPECT_GE(parse_addresses(value).findings.worst(), Severity::warn) << value;
}

// What is read when something is missing: the address that stands in brackets wins.
TEST(Address, Guesses) {
  EXPECT_EQ(show("John jdoe@x"), "John <jdoe@x>");
  EXPECT_EQ(show("a@b <c@d>"), "a@b <c@d>");
  EXPECT_EQ(show("<a@b> trailing, c@d"), "<a@b>|<c@d>");
  EXPECT_EQ(show("<a@b> Bob <c@d>"), "<a@b>|Bob <c@d>");
  EXPECT_EQ(show("a@b Bob <c@d>"), "<a@b>|Bob <c@d>");
  EXPECT_EQ(show("John <a@b, Mary <c@d>"), "John <a@b>|Mary <c@d>");
  EXPECT_EQ(show("a@b; c@d"), "<a@b>|<c@d>");
  EXPECT_EQ(show("A: b@c"), "A:|<b@c>|;");
  EXPECT_EQ(show("postmaster"), "<postmaster>");
  EXPECT_EQ(show("<john doe@x>"), "<\"john doe\"@x>");
}

// No result can break a header or a log line.
TEST(Address, SpecIsOneLine) {
  Address a;
  a.local = "x\r\ny";
  a.domain = std::string("d\0e", 3);
  EXPECT_EQ(a.spec(), "\"x  y\"@d e");
}

TEST(Address, PlausibleDomains) {
  for (const std::string_view good : {"example.org", "localhost", "xn--bcher-kva.example", "bücher.example",
                                      "a_b.example", "[192.0.2.1]", "[IPv6:::1]"})
    EXPECT_TRUE(plausible_domain(good)) << good;
  for (const std::string_view bad :
       {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a@b", "[]", "[a b]", "a(b", "a,b"})
    EXPECT_FALSE(plausible_domain(bad)) << bad;
  EXPECT_FALSE(plausible_domain(std::string(64, 'a')));
  std::string longest;
  for (int i = 0; i < 63; ++i) longest += "aaa.";
  EXPECT_TRUE(plausible_domain(longest + "aaa"));
  EXPECT_FALSE(plausible_domain(longest + "aaaa"));
}

std::string many(std::string_view unit, std::size_t size) {
  std::string out;
  while (out.size() < size) out += unit;
  return out;
}

TEST(Address, EntriesOfOneFieldHaveALimit) {
  for (const std::string_view unit : {"a@b.example,", "g:", "<", "g:;", "a,"}) {
    const AddressList list = parse_addresses(many(unit, 200'000));
    EXPECT_GE(list.entries.size(), AddressList::kMax) << unit;
    EXPECT_LE(list.entries.size(), AddressList::kMax + 1) << unit;  // the end of an open group
    EXPECT_TRUE(list.findings.has(Finding::address_invalid)) << unit;
  }
  std::string fits = "a@b.example";
  for (std::size_t i = 1; i < AddressList::kMax; ++i) fits += ", a@b.example";
  EXPECT_EQ(parse_addresses(fits).entries.size(), AddressList::kMax);
  EXPECT_TRUE(parse_addresses(fits).findings.empty());
}

TEST(Address, WordsOfANameHaveALimit) {
  const std::string fits = many("w ", 2 * AddressList::kMaxWords);
  EXPECT_TRUE(parse_addresses(fits + "<a@b.example>").findings.empty());
  const AddressList list = parse_addresses(fits + "more words <a@b.example>, " + fits + "c@d.example");
  ASSERT_EQ(list.entries.size(), 2u);
  EXPECT_EQ(list.entries[0].name, fits.substr(0, fits.size() - 2) + "words");
  EXPECT_EQ(list.entries[0].spec(), "a@b.example");
  EXPECT_EQ(list.entries[1].spec(), "c@d.example");
  EXPECT_TRUE(list.findings.has(Finding::address_invalid));
}

TEST(AddressTime, Linear) {
  for (const std::string_view unit :
       {"<", "a@b,", "\"", "(", "a ", "@", "<a@b", "A:", ";", "=?", "=?x?q?a?= ", "a@b ", ". ", "a@b <", "[", "\\"}) {
    const auto make = [unit](int n) { return many(unit, static_cast<std::size_t>(n)); };
    expect_linear(unit, 75'000, make, [](const std::string& value) { parse_addresses(value); });
  }
}

}  // namespace
}  // namespace chappe::message
