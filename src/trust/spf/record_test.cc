#include "trust/spf/record.h"

#include <gtest/gtest.h>

#include <set>

#include "trust/spf/test_zone.h"

namespace chappe::trust::spf {
namespace {

// "id 'what is wrong'", one for each fault.
std::vector<std::string> faults(std::string_view text) {
  std::vector<std::string> out;
  for (const SyntaxFault& f : parse_record(text).faults)
    out.push_back(fmt::format("{} '{}'", flaw_row(f.flaw).id, text.substr(f.at, f.size)));
  return out;
}
using Faults = std::vector<std::string>;

TEST(SpfRecord, IsOneOnlyWithExactlyTheVersion) {
  for (const std::string_view is : {"v=spf1", "v=spf1 ", "V=SpF1 -all", "v=spf1  a"}) EXPECT_TRUE(is_record(is)) << is;
  for (const std::string_view no : {"", " v=spf1 -all", "v=spf10", "v=spf1\t-all", "v=spf1-all", "v=spf", "v = spf1",
                                    "\"v=spf1 -all\"", "v=spf1;", "spf2.0/pra -all"})
    EXPECT_FALSE(is_record(no)) << no;
}

TEST(SpfRecord, IsChosenAmongTxtRecordsWhoseStringsAreJoined) {
  TestZone zone;
  zone.txt("x.example", {"v=spf1 ip4:192.0.2", ".1 -all"});
  zone.txt("x.example", {"v=spf1", "-all"});  // no space between them
  zone.txt("x.example", {"something else"});
  zone.txt("x.example", {});  // no text at all is legal
  zone.txt("x.example", {"", "V=SPF1 ", "", "+all"});
  const dns::Answer answer =
      net::run(zone.ask({TestZone::name("x.example"), dns::Type::txt}, net::Deadline{Steady::max()}));
  EXPECT_EQ(answer.records.rdata.size(), 5u);
  EXPECT_EQ(select_records(answer.records), (std::vector<std::string>{"v=spf1 ip4:192.0.2.1 -all", "V=SPF1 +all"}));
}

TEST(SpfRecord, Terms) {
  const Record record = parse_record(
      "v=spf1 a -MX:m.example/24//64 ?ptr ~ip4:192.0.2.0/24 ip6:2001:db8::/32 exists:%{i}.e.example "
      "include:i.example. moo.cow-far_out=man:dog/cat exp=x.example Redirect=r.example");
  EXPECT_TRUE(record.faults.empty());
  ASSERT_EQ(record.terms.size(), 10u);
  const auto kinds = [&] {
    std::vector<TermKind> out;
    for (const Term& t : record.terms) out.push_back(t.kind);
    return out;
  }();
  EXPECT_EQ(kinds, (std::vector<TermKind>{TermKind::a, TermKind::mx, TermKind::ptr, TermKind::ip4, TermKind::ip6,
                                          TermKind::exists, TermKind::include, TermKind::unknown_modifier,
                                          TermKind::exp, TermKind::redirect}));
  EXPECT_EQ(record.terms[0].qualifier, Qualifier::pass);
  EXPECT_FALSE(record.terms[0].domain);
  EXPECT_EQ(record.terms[0].prefix4, 32u);
  EXPECT_EQ(record.terms[0].prefix6, 128u);
  const Term& mx = record.terms[1];
  EXPECT_EQ(mx.qualifier, Qualifier::fail);
  EXPECT_EQ(mx.name, "MX");
  EXPECT_EQ(mx.domain->text(), "m.example");
  EXPECT_EQ(mx.prefix4, 24u);
  EXPECT_EQ(mx.prefix6, 64u);
  EXPECT_EQ(record.text_of(mx), "-MX:m.example/24//64");
  EXPECT_EQ(record.terms[2].qualifier, Qualifier::neutral);
  EXPECT_EQ(record.terms[3].qualifier, Qualifier::softfail);
  EXPECT_EQ(record.terms[3].network.text(), "192.0.2.0");
  EXPECT_EQ(record.terms[3].prefix4, 24u);
  EXPECT_EQ(record.terms[4].network.text(), "2001:db8::");
  EXPECT_EQ(record.terms[4].prefix6, 32u);
  EXPECT_EQ(record.terms[6].domain->text(), "i.example.");
  EXPECT_EQ(record.terms[7].domain->text(), "man:dog/cat");
  EXPECT_EQ(record.redirect(), &record.terms[9]);
  EXPECT_EQ(record.exp(), &record.terms[8]);
  EXPECT_EQ(record.all(), nullptr);
}

// RFC 7208 §4.6.4
TEST(SpfRecord, WhichTermsAskTheDns) {
  const Record record =
      parse_record("v=spf1 include:a.b a mx ptr exists:a.b redirect=a.b all ip4:192.0.2.1 ip6:2001:db8::1 exp=a.b x=y");
  std::string asks;
  for (const Term& t : record.terms) asks += t.asks() ? '1' : '0';
  EXPECT_EQ(asks, "11111100000");
}

// RFC 7208 §5.3, §5.6
TEST(SpfRecord, PrefixesOfAAndMx) {
  struct Case {
    std::string_view term, domain;
    unsigned prefix4, prefix6;
  };
  for (const Case& c : {Case{"a", "", 32, 128}, Case{"a/24", "", 24, 128}, Case{"a//64", "", 32, 64},
                        Case{"a/24//64", "", 24, 64}, Case{"a:x.example//64", "x.example", 32, 64},
                        Case{"a:x.example/0//0", "x.example", 0, 0}, Case{"mx:a/b.example/8", "a/b.example", 8, 128},
                        Case{"a:%{l/}/8", "%{l/}", 8, 128}, Case{"a:x/9.example", "x/9.example", 32, 128}}) {
    const Record record = parse_record("v=spf1 " + std::string(c.term));
    ASSERT_TRUE(record.faults.empty()) << c.term;
    EXPECT_EQ(record.terms[0].domain ? record.terms[0].domain->text() : "", c.domain) << c.term;
    EXPECT_EQ(record.terms[0].prefix4, c.prefix4) << c.term;
    EXPECT_EQ(record.terms[0].prefix6, c.prefix6) << c.term;
  }
  EXPECT_EQ(faults("v=spf1 a/33 mx/032 a//129 a//064 a:x.example/33"),
            (Faults{"bad-ip4-prefix '/33'", "bad-ip4-prefix '/032'", "bad-ip6-prefix '//129'", "bad-ip6-prefix '//064'",
                    "bad-ip4-prefix '/33'"}));
  EXPECT_EQ(faults("v=spf1 a/ a// a///64 a/24/64 a/24/16 a/99999999999 a//64/24"),
            (Faults{"bad-ip4-prefix '/'", "bad-ip4-prefix '//'", "bad-ip4-prefix '///64'", "bad-ip4-prefix '/64'",
                    "bad-ip4-prefix '/24/16'", "bad-ip4-prefix '/99999999999'", "bad-ip4-prefix '//64/24'"}));
}

TEST(SpfRecord, Networks) {
  EXPECT_EQ(faults("v=spf1 ip4:192.0.2.1/0 ip4:192.0.2.1/32 ip6:::1/0 ip6:2001:db8::/128 ip6:::ffff:192.0.2.1"),
            Faults{});
  EXPECT_EQ(faults("v=spf1 ip4:192.0.2 ip4:192.0.2.256 ip4:192.0.2.01 ip4:192.0.2.1:25 ip4:2001:db8::1 ip4:"),
            (Faults{"bad-ip4 '192.0.2'", "bad-ip4 '192.0.2.256'", "bad-ip4 '192.0.2.01'", "bad-ip4 '192.0.2.1:25'",
                    "bad-ip4 '2001:db8::1'", "bad-ip4 ''"}));
  EXPECT_EQ(faults("v=spf1 ip6:192.0.2.1 ip6::cafe::babe ip6:fe80::1%eth0"),
            (Faults{"bad-ip6 '192.0.2.1'", "bad-ip6 ':cafe::babe'", "bad-ip6 'fe80::1%eth0'"}));
  EXPECT_EQ(faults("v=spf1 ip4:192.0.2.1/33 ip4:192.0.2.1//32 ip4:192.0.2.1/ ip6:::1/129 ip6:::1//33 ip4/8 ip4"),
            (Faults{"bad-ip4-prefix '/33'", "bad-ip4-prefix '//32'", "bad-ip4-prefix '/'", "bad-ip6-prefix '/129'",
                    "bad-ip6-prefix '//33'", "argument-unexpected '/8'", "argument-missing 'ip4'"}));
}

TEST(SpfRecord, FaultsSayWhereTheyAre) {
  EXPECT_EQ(faults("v=spf1 a  moo -all. all:x all/8 ptr/0 ptr: include include: include:a.b/24 exists exists:"),
            (Faults{"unknown-mechanism 'moo'", "unknown-mechanism '-all.'", "argument-unexpected ':x'",
                    "argument-unexpected '/8'", "argument-unexpected '/0'", "argument-missing 'ptr:'",
                    "argument-missing 'include'", "argument-missing 'include:'", "bad-domain-end 'a.b/24'",
                    "argument-missing 'exists'", "argument-missing 'exists:'"}));
  EXPECT_EQ(faults("v=spf1 -redirect=a.b redirect= exp=-all redirect:a.b"),
            (Faults{"qualified-modifier '-redirect=a.b'", "argument-missing 'redirect='", "bad-domain-end '-all'",
                    "unknown-mechanism 'redirect:a.b'"}));
  EXPECT_EQ(faults("v=spf1 - 1up=foo =all ++all"),
            (Faults{"bad-name '-'", "bad-name '1up=foo'", "bad-name '=all'", "bad-name '++all'"}));
  EXPECT_EQ(faults("v=spf1 a:192.0.2.1 a:%{d0} x=%abc"),
            (Faults{"address-as-domain '192.0.2.1'", "bad-transformer '%{d0}'", "bad-percent '%'"}));
}

// RFC 7208 §6
TEST(SpfRecord, RedirectAndExpStandOnce) {
  EXPECT_EQ(faults("v=spf1 redirect=a.b exp=c.d REDIRECT=e.f Exp=g.h x=1 x=1"),
            (Faults{"repeated-modifier 'REDIRECT=e.f'", "repeated-modifier 'Exp=g.h'"}));
}

// RFC 7208 §4.6.1: what has a ":" or "/" before its "=" is a mechanism.
TEST(SpfRecord, AMechanismWithAnEqualsSignIsNoModifier) {
  EXPECT_EQ(
      faults("v=spf1 moo.cow:far_out=man:dog/cat moo.cow/far_out=man:dog/cat"),
      (Faults{"unknown-mechanism 'moo.cow:far_out=man:dog/cat'", "unknown-mechanism 'moo.cow/far_out=man:dog/cat'"}));
  const Record record = parse_record("v=spf1 a:x=y.example ip4=192.0.2.1");
  ASSERT_EQ(record.terms.size(), 2u);
  EXPECT_EQ(record.terms[0].kind, TermKind::a);
  EXPECT_EQ(record.terms[0].domain->text(), "x=y.example");
  EXPECT_EQ(record.terms[1].kind, TermKind::unknown_modifier);
}

TEST(SpfRecord, TermsAreSeparatedBySpacesOnly) {
  EXPECT_EQ(faults("v=spf1 a\tmx"), Faults{"bad-character '\t'"});
  EXPECT_EQ(faults("v=spf1 ip4:192.0.2.5\n -all"), Faults{"bad-character '\n'"});
  EXPECT_EQ(faults("v=spf1 a:x.example\r-all"), Faults{"bad-character '\r'"});
  EXPECT_EQ(faults(std::string_view("v=spf1 a:x.example\0", 19)), Faults{std::string("bad-character '\0'", 17)});
  EXPECT_EQ(faults("v=spf1 \x96"
                   "all"),
            Faults{"bad-character '\x96'"});
  EXPECT_EQ(parse_record("v=spf1   a   -all   ").terms.size(), 2u);
}

TEST(SpfRecord, EveryFlawIsToldInBothLanguages) {
  std::set<std::string_view> ids;
  for (const FlawRow& row : flaw_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_TRUE(row.rule.starts_with("RFC 7208 §")) << row.id;
    EXPECT_FALSE(row.en.empty() || row.fr.empty() || row.en == row.fr) << row.id;
    EXPECT_FALSE(row.en.ends_with('.') || row.fr.ends_with('.')) << row.id;
  }
}

}  // namespace
}  // namespace chappe::trust::spf
