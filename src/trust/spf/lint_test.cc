#include "trust/spf/lint.h"

#include <gtest/gtest.h>

#include <set>

#include "trust/spf/test_zone.h"

namespace chappe::trust::spf {
namespace {

using Strings = std::vector<std::string>;

net::Task<Tree> grow(dns::Resolver* resolver, std::string domain) {
  co_return co_await tree(*resolver, std::move(domain), net::Deadline::in(std::chrono::hours(1)));
}

// "id: detail", in order.
Strings told(const std::vector<LintFinding>& findings) {
  Strings out;
  for (const LintFinding& f : findings)
    out.push_back(fmt::format("{}{}{}", lint_row(f.lint).id, f.detail.empty() ? "" : ": ", f.detail));
  return out;
}
Strings text(std::string_view record) { return told(lint_record(parse_record(record))); }

class SpfLint : public ::testing::Test {
 protected:
  void spf(std::string_view domain, std::string_view record) { zone.txt(domain, {std::string(record)}); }
  Strings of(std::string_view domain = "octo.example") {
    return told(lint(net::run(grow(&zone, std::string(domain)))));
  }
  TestZone zone;
};

TEST_F(SpfLint, AGoodRecordHasNoFindings) {
  spf("octo.example", "v=spf1 ip4:185.12.0.0/24 mx include:out.example -all");
  zone.mx("octo.example", 10, "m.octo.example");
  zone.address("m.octo.example", "185.12.1.1");
  spf("out.example", "v=spf1 ip4:185.13.0.0/24 ~all");
  EXPECT_EQ(of(), Strings{});
  EXPECT_EQ(text("v=spf1 -all"), Strings{});
}

TEST_F(SpfLint, WhatADomainLacks) {
  zone.exists("empty.example");
  zone.trouble("dead.example", dns::Outcome::servfail);
  EXPECT_EQ(of("gone.example"), Strings{"no-domain"});
  EXPECT_EQ(of("empty.example"), Strings{"no-record"});
  EXPECT_EQ(of("dead.example"), Strings{"lookup-failed"});
  EXPECT_EQ(of("museum"), Strings{"bad-domain"});
  spf("two.example", "v=spf1 -all");
  spf("two.example", "V=SPF1 -all");
  EXPECT_EQ(of("two.example"), Strings{"several-records: 2"});
}

TEST_F(SpfLint, RecordsThatNobodyReads) {
  for (const char* wrong :
       {" v=spf1 -all", "\"v=spf1 -all\"", "v=spf10 -all", "v=spf1-all", "v=spf2.0 -all", "v = spf1 -all"}) {
    zone = {};
    spf("octo.example", wrong);
    EXPECT_EQ(of(), (Strings{"almost-record: " + std::string(wrong), "no-record"})) << wrong;
  }
  zone = {};
  spf("octo.example", "v=spf1 -all");
  spf("octo.example", "spf2.0/pra ?all");
  zone.txt("octo.example", {"v=spf1 -all"}, dns::Type::spf);
  EXPECT_EQ(of(), Strings{"old-type"});
}

// RFC 7208 §3.4
TEST_F(SpfLint, Length) {
  const std::string name = "octo.example";
  const auto with = [&](std::size_t octets) {
    zone = {};
    spf(name, "v=spf1 -all");
    spf(name, std::string(octets - name.size() - 11, 'x'));
    return of();
  };
  EXPECT_EQ(with(450), Strings{});
  EXPECT_EQ(with(451), Strings{"too-long: 451 octets"});
}

TEST(SpfLintText, Faults) {
  const auto findings = lint_record(parse_record("v=spf1 a:museum moo -all"));
  EXPECT_EQ(told(findings), (Strings{"bad-syntax: museum", "bad-syntax: moo"}));
  EXPECT_EQ(findings[0].fault.flaw, Flaw::bad_domain_end);
  EXPECT_EQ(findings[0].at, 9u);
  EXPECT_EQ(findings[0].size, 6u);
}

TEST(SpfLintText, HowTheRecordEnds) {
  EXPECT_EQ(text("v=spf1 +all"), Strings{"all-passes: +all"});
  EXPECT_EQ(text("v=spf1 all"), Strings{"all-passes: all"});
  EXPECT_EQ(text("v=spf1 ?all"), Strings{"all-neutral: ?all"});
  EXPECT_EQ(text("v=spf1 mx"), Strings{"no-end"});
  EXPECT_EQ(text("v=spf1 redirect=r.example"), Strings{});
  EXPECT_EQ(text("v=spf1 redirect=r.example ~all"), Strings{"redirect-ignored: redirect=r.example"});
  EXPECT_EQ(text("v=spf1 -all mx exp=x.example a"), (Strings{"unreachable: mx", "unreachable: a"}));
  EXPECT_EQ(text("v=spf1 -all -all"), Strings{"unreachable: -all"});
}

TEST(SpfLintText, Terms) {
  EXPECT_EQ(text("v=spf1 mx -mx a A -all"), (Strings{"duplicate: -mx", "upper-case: A", "duplicate: A"}));
  EXPECT_EQ(text("v=spf1 ptr a:%{p}.x.example -all"), (Strings{"ptr-used: ptr", "p-macro: a:%{p}.x.example"}));
  EXPECT_EQ(text("v=spf1 ip4=185.12.0.1 ra=postmaster -all"),
            (Strings{"mechanism-as-modifier: ip4=185.12.0.1", "unknown-modifier: ra=postmaster"}));
  EXPECT_EQ(text("V=spf1 MX -All"), (Strings{"upper-case: V=spf1", "upper-case: MX", "upper-case: -All"}));
}

TEST(SpfLintText, Networks) {
  EXPECT_EQ(text("v=spf1 ip4:185.12.0.0/24 ip4:185.12.1.0/24 ip4:185.12.0.0/23 ip4:185.12.0.7 -all"),
            (Strings{"covered: ip4:185.12.0.0/23", "covered: ip4:185.12.0.7"}));
  EXPECT_EQ(text("v=spf1 ip4:185.12.0.7/24 ip6:2a00:1::1/64 -all"),
            (Strings{"host-bits: ip4:185.12.0.7/24: 185.12.0.0/24", "host-bits: ip6:2a00:1::1/64: 2a00:1::/64"}));
  EXPECT_EQ(text("v=spf1 ip4:185.12.0.0/15 ip6:2a00::/31 -ip4:186.0.0.0/8 -all"),
            (Strings{"wide-network: ip4:185.12.0.0/15", "wide-network: ip6:2a00::/31"}));
  EXPECT_EQ(
      text("v=spf1 ip4:10.1.2.3 ip4:192.168.0.0/16 ip6:fe80::1 ip6:::ffff:185.12.0.1 -all"),
      (Strings{"special-network: ip4:10.1.2.3: 10.0.0.0/8", "special-network: ip4:192.168.0.0/16: 192.168.0.0/16",
               "special-network: ip6:fe80::1: fe80::/10", "special-network: ip6:::ffff:185.12.0.1: ::ffff:0:0/96"}));
}

TEST_F(SpfLint, Lookups) {
  std::string nine = "v=spf1";
  for (int i = 0; i < 9; ++i) {
    nine += fmt::format(" a:h{}.example", i);
    zone.address(fmt::format("h{}.example", i), "185.12.0.1");
    zone.address(fmt::format("h{}.example", i), "2a00::1");
  }
  spf("nine.example", nine + " -all");
  spf("ten.example", nine + " a:h0.example/24 -all");
  spf("eleven.example", nine + " include:one.example -all");
  spf("one.example", "v=spf1 a:h0.example -all");
  EXPECT_EQ(of("nine.example"), Strings{});
  EXPECT_EQ(of("ten.example"), Strings{"lookups-used-up: 10 of 10"});
  EXPECT_EQ(of("eleven.example"), Strings{"too-many-lookups: 11 of 10"});
}

TEST_F(SpfLint, Voids) {
  zone.address("four.example", "185.12.0.1");
  zone.address("six.example", "2a00::1");
  spf("one.example", "v=spf1 a:gone.example -all");
  EXPECT_EQ(of("one.example"), Strings{"void-lookup: a:gone.example"});
  spf("two.example", "v=spf1 mx:gone.example exists:gone.example -all");
  EXPECT_EQ(of("two.example"),
            (Strings{"void-lookup: mx:gone.example", "void-lookup: exists:gone.example", "voids-used-up: 2 of 2"}));
  spf("half.example", "v=spf1 a:four.example a:six.example a:four.example/31 a:four.example/30 -all");
  EXPECT_EQ(of("half.example"),
            (Strings{"one-family: a:four.example: IPv4 only", "one-family: a:six.example: IPv6 only",
                     "one-family: a:four.example/31: IPv4 only", "one-family: a:four.example/30: IPv4 only",
                     "too-many-voids: 3 of 2, for IPv6 clients"}));
}

TEST_F(SpfLint, Includes) {
  spf("octo.example",
      "v=spf1 include:gone.example include:wrong.example include:open.example include:octo.example "
      "include:good.example include:good.example include:dead.example include:a..b.example -all");
  spf("wrong.example", "v=spf1 moo");
  spf("open.example", "v=spf1 all");
  spf("good.example", "v=spf1 ip4:185.12.0.1 -all");
  zone.trouble("dead.example", dns::Outcome::timeout);
  EXPECT_EQ(
      of(),
      (Strings{"duplicate: include:good.example", "include-broken: include:gone.example: gone.example",
               "include-broken: include:wrong.example: wrong.example",
               "include-all-passes: include:open.example: open.example", "circle: include:octo.example: octo.example",
               "included-twice: include:good.example: good.example (1 lookups)", "term-failed: include:dead.example",
               "include-broken: include:a..b.example: a..b.example", "too-many-lookups: 11 of 10"}));
}

// What is wrong further down stands at the term of ours that leads there.
TEST_F(SpfLint, BelowIncludes) {
  spf("octo.example", "v=spf1 include:out.example -all");
  spf("out.example", "v=spf1 mx ?all ptr");
  for (int i = 0; i < 11; ++i) zone.mx("out.example", static_cast<unsigned>(i), "m.example");
  const auto findings = lint(net::run(grow(&zone, "octo.example")));
  EXPECT_EQ(told(findings), Strings{"too-many-mx: include:out.example: mx of out.example: 11"});
  EXPECT_EQ(findings[0].at, 7u);
  EXPECT_EQ(findings[0].domain, "octo.example");
}

TEST_F(SpfLint, TargetsAndExplanations) {
  spf("octo.example", "v=spf1 a:x..example exp=why.example -all");
  EXPECT_EQ(of(), (Strings{"bad-target: a:x..example: x..example", "bad-explanation: exp=why.example"}));
  zone.txt("why.example", {"because of %{i}"});
  EXPECT_EQ(of(), Strings{"bad-target: a:x..example: x..example"});
  zone.txt("why.example", {"and so on"});
  EXPECT_EQ(of().back(), "bad-explanation: exp=why.example");
}

TEST(SpfLintText, EveryFindingIsToldInBothLanguages) {
  std::set<std::string_view> ids;
  for (const LintRow& row : lint_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_TRUE(row.rule.empty() || row.rule.starts_with("RFC 7208 §")) << row.id;
    EXPECT_FALSE(row.en.empty() || row.fr.empty() || row.en == row.fr) << row.id;
    EXPECT_FALSE(row.en.ends_with('.') || row.fr.ends_with('.')) << row.id;
    EXPECT_FALSE(level_name(row.level).empty());
  }
}

}  // namespace
}  // namespace chappe::trust::spf
