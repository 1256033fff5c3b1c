#include "trust/spf/check.h"

#include <gtest/gtest.h>

#include <set>

#include "dns/zone_resolver.h"
#include "trust/spf/test_check.h"

using namespace std::chrono_literals;

namespace chappe::trust::spf {
namespace {

using Strings = std::vector<std::string>;

TEST_F(SpfCheck, TheVerdictCarriesTheWholeWay) {
  spf("octo.example", "v=spf1 ip4:198.51.100.0/24 a:www.octo.example include:out.example -all");
  zone.address("www.octo.example", "192.0.2.80");
  spf("out.example", "v=spf1 mx ?all");
  zone.mx("out.example", 10, "m.out.example");
  zone.address("m.out.example", "192.0.2.1");
  const Verdict v = check_mail("bob@octo.example");
  EXPECT_EQ(v.result, ResultCode::pass);
  EXPECT_EQ(v.identity, Identity::mail_from);
  EXPECT_FALSE(v.null_sender);
  EXPECT_EQ(v.domain, "octo.example");
  EXPECT_EQ(v.sender, "bob@octo.example");
  EXPECT_EQ(v.reason, Reason::include_passes);
  EXPECT_EQ(v.decided_at, "octo.example");
  EXPECT_EQ(v.decided_by, "include:out.example");
  EXPECT_EQ(v.lookups, 3u);
  EXPECT_EQ(v.voids, 0u);
  EXPECT_EQ(v.explanation, "");
  Strings questions;
  for (const dns::Answer& a : v.questions) questions.push_back(a.question.text());
  EXPECT_EQ(questions, zone.asked);
  EXPECT_EQ(questions, (Strings{"octo.example. TXT", "www.octo.example. A", "out.example. TXT", "out.example. MX",
                                "m.out.example. A"}));
  const Evaluation& top = v.evaluation;
  EXPECT_EQ(top.questions, std::vector<std::size_t>{0});
  ASSERT_EQ(top.steps.size(), 3u);
  EXPECT_EQ(top.steps[0].reason, Reason::not_in_network);
  EXPECT_EQ(top.steps[1].reason, Reason::not_among_addresses);
  EXPECT_EQ(top.steps[1].target, "www.octo.example");
  EXPECT_EQ(top.steps[1].questions, std::vector<std::size_t>{1});
  EXPECT_EQ(top.steps[2].effect, Effect::match);
  ASSERT_EQ(top.steps[2].inside.size(), 1u);
  const Evaluation& inside = top.steps[2].inside[0];
  EXPECT_EQ(inside.domain, "out.example");
  EXPECT_EQ(inside.result, ResultCode::pass);
  EXPECT_EQ(inside.reason, Reason::matched);
  ASSERT_EQ(inside.steps.size(), 1u);
  EXPECT_EQ(inside.steps[0].reason, Reason::among_addresses);
  EXPECT_EQ(inside.steps[0].questions, (std::vector<std::size_t>{3, 4}));
  EXPECT_EQ(describe(v), "pass: octo.example: include:out.example: the included domain authorises the host");
}

TEST_F(SpfCheck, Qualifiers) {
  spf("octo.example", "v=spf1 ip4:192.0.2.1 ?ip4:192.0.2.2 ~ip4:192.0.2.3 -ip4:192.0.2.4");
  EXPECT_EQ(why("b@octo.example", "192.0.2.1"), "pass in-network");
  EXPECT_EQ(why("b@octo.example", "192.0.2.2"), "neutral in-network");
  EXPECT_EQ(why("b@octo.example", "192.0.2.3"), "softfail in-network");
  EXPECT_EQ(why("b@octo.example", "192.0.2.4"), "fail in-network");
  EXPECT_EQ(why("b@octo.example", "192.0.2.5"), "neutral nothing-matched");
}

TEST_F(SpfCheck, OneRecordOnly) {
  spf("two.example", "v=spf1 -all");
  spf("two.example", "v=spf1 ip4:192.0.2.1 -all");
  spf("space.example", " v=spf1 -all");
  spf("beside.example", "v=spf10 +all");
  spf("beside.example", "google-site-verification=1");
  zone.txt("beside.example", {});
  spf("beside.example", "v=spf1 -all");
  spf("control.example", "v=spf1 a\r -all");
  zone.exists("www.nothing.example");
  EXPECT_EQ(why("b@two.example"), "permerror several-records");
  EXPECT_EQ(why("b@space.example"), "none no-record");
  EXPECT_EQ(why("b@beside.example"), "fail always");
  EXPECT_EQ(why("b@control.example"), "permerror bad-syntax");
  EXPECT_EQ(why("b@nothing.example"), "none no-record");
  EXPECT_EQ(why("b@absent.example"), "none no-domain");
}

// RFC 7208 §2.6.6, §4.4
TEST_F(SpfCheck, WhatTheDnsDoesNotSayIsTemporary) {
  for (const auto outcome : {dns::Outcome::servfail, dns::Outcome::timeout, dns::Outcome::bogus}) {
    zone.trouble("bad.example", outcome);
    spf("a.example", "v=spf1 a:bad.example +all");
    spf("mx.example", "v=spf1 mx:bad.example +all");
    spf("exists.example", "v=spf1 exists:bad.example +all");
    spf("include.example", "v=spf1 include:bad.example +all");
    spf("redirect.example", "v=spf1 redirect=bad.example");
    spf("mxhost.example", "v=spf1 mx +all");
    zone.mx("mxhost.example", 10, "bad.example");
    for (const char* domain : {"bad", "a", "mx", "exists", "include", "redirect", "mxhost"})
      EXPECT_EQ(why(fmt::format("b@{}.example", domain)), "temperror lookup-failed") << domain;
    zone = {};
  }
}

net::Task<Verdict> check_with_little_time(dns::Resolver* resolver, Query query, Duration time) {
  co_return co_await check(*resolver, std::move(query), net::Deadline::in(time));
}

// RFC 7208 §4.6.4
TEST_F(SpfCheck, TimeIsLimited) {
  const auto slow = dns::ZoneResolver::from_text(
      "octo.example. TXT \"v=spf1 a:one.example a:two.example -all\"\none.example. A 192.0.2.9\n"
      "two.example. A 192.0.2.9\n$DELAY 9s one.example.\n$DELAY 9s two.example.\n");
  ManualClock clock;
  net::LocalExecutor executor(clock);
  query.ip = "192.0.2.1";
  query.mail_from = "bob@octo.example";
  EXPECT_EQ(executor.run(check_with_little_time(slow->get(), query, 1h)).result, ResultCode::fail);
  const Verdict hurried = executor.run(check_with_little_time(slow->get(), query, 10s));
  EXPECT_EQ(describe(hurried), "temperror: octo.example: a:two.example: the time for the check is over");
  query.limits.time = 8s;
  const Time before = clock.now();
  EXPECT_EQ(executor.run(check_with_little_time(slow->get(), query, 1h)).reason, Reason::out_of_time);
  EXPECT_EQ(clock.now() - before, 8s);
  EXPECT_GE(Limits().time, 20s);
}

TEST_F(SpfCheck, TenTermsMayAsk) {
  zone.address("x.example", "192.0.2.99");
  std::string ten = "v=spf1";
  for (int i = 0; i < 10; ++i) ten += " a:x.example";
  spf("ten.example", ten + " ip4:192.0.2.1 -all");
  spf("eleven.example", ten + " a:x.example ip4:192.0.2.1 -all");
  EXPECT_EQ(why("b@ten.example"), "pass in-network");
  EXPECT_EQ(check_mail("b@ten.example").lookups, 10u);
  EXPECT_EQ(why("b@eleven.example"), "permerror too-many-lookups");
  // What comes after a match costs nothing.
  spf("early.example", "v=spf1 ip4:192.0.2.1" + ten.substr(6) + ten.substr(6));
  EXPECT_EQ(why("b@early.example"), "pass in-network");
  // redirect counts, exp does not, all, ip4 and ip6 do not.
  spf("r.example", ten + " redirect=end.example");
  spf("end.example", "v=spf1 -all");
  EXPECT_EQ(why("b@r.example"), "permerror too-many-lookups");
  spf("exp.example", ten + " exp=x.example -all");
  EXPECT_EQ(why("b@exp.example"), "fail always");
  // One limit for all domains together.
  spf("outer.example", "v=spf1 a:x.example include:inner.example a:x.example -all");
  spf("inner.example", "v=spf1 a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example a:x.example");
  EXPECT_EQ(check_mail("b@outer.example").lookups, 10u);
  EXPECT_EQ(result("b@outer.example"), "fail");
}

TEST_F(SpfCheck, LoopsEnd) {
  spf("octo.example", "v=spf1 include:octo.example");
  EXPECT_EQ(why(), "permerror too-many-lookups");
  EXPECT_EQ(zone.asked.size(), 11u);
  spf("r.example", "v=spf1 redirect=r.example");
  EXPECT_EQ(why("b@r.example"), "permerror too-many-lookups");
}

TEST_F(SpfCheck, MxNames) {
  for (int i = 0; i < 10; ++i) {
    zone.mx("ten.example", static_cast<unsigned>(i), fmt::format("m{}.example", i));
    zone.mx("eleven.example", static_cast<unsigned>(i), fmt::format("m{}.example", i));
    zone.address(fmt::format("m{}.example", i), fmt::format("192.0.2.{}", i));
  }
  zone.mx("eleven.example", 10, "m0.example");
  spf("ten.example", "v=spf1 mx -all");
  spf("eleven.example", "v=spf1 mx -all");
  EXPECT_EQ(why("b@ten.example", "192.0.2.9"), "pass among-addresses");
  // Their names are not counted as lookups.
  EXPECT_EQ(check_mail("b@ten.example", "192.0.2.9").lookups, 1u);
  // The order of records decides nothing.
  EXPECT_EQ(why("b@eleven.example", "192.0.2.0"), "permerror too-many-mx");
  spf("null.example", "v=spf1 mx -all");
  zone.mx("null.example", 0, "");
  zone.asked.clear();
  EXPECT_EQ(why("b@null.example"), "fail always");
  EXPECT_EQ(zone.asked, (Strings{"null.example. TXT", "null.example. MX"}));
  // RFC 7208 §5.4: no implicit MX.
  spf("implicit.example", "v=spf1 mx -all");
  zone.address("implicit.example", "192.0.2.1");
  EXPECT_EQ(why("b@implicit.example"), "fail always");
}

TEST_F(SpfCheck, OnlyTenNamesOfTheClientAreLookedAt) {
  for (int i = 0; i < 11; ++i) {
    const std::string name = fmt::format("p{:02}.example", i);
    zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, name);
    zone.address(name, "192.0.2.1");
  }
  spf("tenth.example", "v=spf1 ptr:p09.example -all");
  spf("eleventh.example", "v=spf1 ptr:p10.example -all");
  EXPECT_EQ(why("b@tenth.example"), "pass host-is-of-domain");
  EXPECT_EQ(why("b@eleventh.example"), "fail always");
  EXPECT_EQ(check_mail("b@eleventh.example").evaluation.steps[0].reason, Reason::host_is_not_of_domain);
  EXPECT_EQ(check_mail("b@eleventh.example").lookups, 1u);
}

// RFC 7208 §5.5
TEST_F(SpfCheck, NamesOfTheClient) {
  zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, "broken.example");
  zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, "liar.sub.example");
  zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, "mail.octo.example");
  zone.trouble("broken.example", dns::Outcome::servfail);
  zone.address("liar.sub.example", "192.0.2.2");
  zone.address("mail.octo.example", "192.0.2.1");
  spf("octo.example", "v=spf1 ptr -all");
  spf("mail.octo.example", "v=spf1 ptr -all");
  spf("ail.octo.example", "v=spf1 ptr -all");
  spf("sub.example", "v=spf1 ptr -all");
  EXPECT_EQ(why("b@octo.example"), "pass host-is-of-domain");
  EXPECT_EQ(why("b@mail.octo.example"), "pass host-is-of-domain");
  EXPECT_EQ(why("b@ail.octo.example"), "fail always");
  EXPECT_EQ(why("b@sub.example"), "fail always");
  // An error of the reverse lookup is no error of the check.
  zone.trouble("2.2.0.192.in-addr.arpa", dns::Outcome::servfail);
  EXPECT_EQ(why("b@octo.example", "192.0.2.2"), "fail always");
  EXPECT_EQ(check_mail("b@octo.example", "192.0.2.2").evaluation.steps[0].reason, Reason::no_reverse_lookup);
}

TEST_F(SpfCheck, TwoVoidLookups) {
  zone.exists("empty.example");
  spf("two.example", "v=spf1 a:gone.example mx:empty.example ip4:192.0.2.1 -all");
  spf("three.example", "v=spf1 a:gone.example mx:empty.example exists:gone.example ip4:192.0.2.1 -all");
  EXPECT_EQ(why("b@two.example"), "pass in-network");
  EXPECT_EQ(check_mail("b@two.example").voids, 2u);
  EXPECT_EQ(why("b@three.example"), "permerror too-many-voids");
  EXPECT_EQ(check_mail("b@three.example").decided_by, "exists:gone.example");
  // The limit is ours to set.
  query.limits.voids = 3;
  EXPECT_EQ(why("b@three.example"), "pass in-network");
  query.limits = {};
  // exp asks when all is over.
  spf("exp.example", "v=spf1 a:gone.example a:gone.example exp=gone.example -all");
  EXPECT_EQ(why("b@exp.example"), "fail always");
}

// A term is void once at most, by its own target: hosts without AAAA do not break a record for IPv6 clients.
TEST_F(SpfCheck, VoidAddressesOfMxAndPtrNamesAreNotCounted) {
  spf("octo.example", "v=spf1 mx ptr ip6:2001:db8::1 -all");
  for (int i = 0; i < 4; ++i) {
    const std::string host = fmt::format("m{}.example", i);
    zone.mx("octo.example", 10, host);
    zone.address(host, "192.0.2.9");
    zone.pointer("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", dns::Type::ptr, host);
  }
  EXPECT_EQ(why("b@octo.example", "2001:db8::1"), "pass in-network");
  EXPECT_EQ(check_mail("b@octo.example", "2001:db8::1").voids, 0u);
  spf("a.example", "v=spf1 a:m0.example ip6:2001:db8::1 -all");
  EXPECT_EQ(check_mail("b@a.example", "2001:db8::1").voids, 1u);
}

TEST_F(SpfCheck, ExistsAsksForIpv4Addresses) {
  spf("octo.example", "v=spf1 exists:%{i}.x.example -all");
  zone.address("192.0.2.1.x.example", "127.0.0.2");
  EXPECT_EQ(why(), "pass name-exists");
  zone.address("2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.x.example", "127.0.0.2");
  zone.asked.clear();
  EXPECT_EQ(why("b@octo.example", "2001:db8::1"), "pass name-exists");
  EXPECT_TRUE(zone.asked.back().ends_with(".x.example. A")) << zone.asked.back();
}

// RFC 7208 §5.2
TEST_F(SpfCheck, WhatAnIncludeComesTo) {
  spf("pass.example", "v=spf1 +all");
  spf("fail.example", "v=spf1 -all");
  spf("softfail.example", "v=spf1 ~all");
  spf("neutral.example", "v=spf1 ?all");
  spf("wrong.example", "v=spf1 moo");
  zone.trouble("dead.example", dns::Outcome::timeout);
  spf("none.example", "not SPF");
  const auto included = [&](std::string_view inner) {
    zone.txt("over-" + std::string(inner), {"v=spf1 ?include:" + std::string(inner) + " -all"});
    return why("b@over-" + std::string(inner));
  };
  EXPECT_EQ(included("pass.example"), "neutral include-passes");
  EXPECT_EQ(included("fail.example"), "fail always");
  EXPECT_EQ(included("softfail.example"), "fail always");
  EXPECT_EQ(included("neutral.example"), "fail always");
  EXPECT_EQ(included("wrong.example"), "permerror bad-syntax");
  EXPECT_EQ(included("dead.example"), "temperror lookup-failed");
  EXPECT_EQ(included("none.example"), "permerror include-without-record");
  EXPECT_EQ(included("gone.example"), "permerror include-without-record");
  const Verdict wrong = check_mail("b@over-wrong.example");
  EXPECT_EQ(wrong.decided_at, "wrong.example");
  EXPECT_EQ(wrong.evaluation.steps[0].reason, Reason::include_failed);
}

// RFC 7208 §6.1
TEST_F(SpfCheck, Redirect) {
  spf("octo.example", "v=spf1 ip4:192.0.2.7 redirect=real.example");
  spf("real.example", "v=spf1 a:%{d} -all");
  zone.address("real.example", "192.0.2.1");
  EXPECT_EQ(why(), "pass among-addresses");
  EXPECT_EQ(check_mail("b@octo.example").decided_at, "real.example");
  EXPECT_EQ(why("b@octo.example", "192.0.2.2"), "fail always");
  // Beside an all, wherever that stands, there is no redirect.
  spf("all.example", "v=spf1 redirect=real.example ~all");
  zone.asked.clear();
  EXPECT_EQ(why("b@all.example"), "softfail always");
  EXPECT_EQ(zone.asked, Strings{"all.example. TXT"});
  spf("none.example", "v=spf1 redirect=gone.example");
  EXPECT_EQ(why("b@none.example"), "permerror redirect-without-record");
  spf("malformed.example", "v=spf1 redirect=a..b.example");
  EXPECT_EQ(why("b@malformed.example"), "permerror redirect-without-record");
  spf("twice.example", "v=spf1 redirect=a.example redirect=b.example");
  EXPECT_EQ(why("b@twice.example"), "permerror bad-syntax");
  spf("unknown.example", "v=spf1 default=pass default=fail -all");
  EXPECT_EQ(why("b@unknown.example"), "fail always");
}

// %{d} is the domain whose record is being evaluated, %{o} that of the sender.
TEST_F(SpfCheck, MacrosOfAnIncludedDomain) {
  spf("octo.example", "v=spf1 include:inner.example exists:%{d}.outer.example -all");
  spf("inner.example", "v=spf1 exists:%{d}.%{o}.%{l}.x.example ?all");
  zone.asked.clear();
  zone.address("octo.example.outer.example", "127.0.0.2");
  EXPECT_EQ(why(), "pass name-exists");
  EXPECT_EQ(zone.asked, (Strings{"octo.example. TXT", "inner.example. TXT",
                                 "inner.example.octo.example.bob.x.example. A", "octo.example.outer.example. A"}));
}

TEST_F(SpfCheck, TheNearestNameOfTheClientIsTaken) {
  zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, "any.example");
  zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, "below.octo.example");
  zone.address("any.example", "192.0.2.1");
  zone.address("below.octo.example", "192.0.2.1");
  spf("octo.example", "v=spf1 exists:%{p}.x.example -all");
  check_mail("b@octo.example");
  EXPECT_EQ(zone.asked.back(), "below.octo.example.x.example. A");
  zone.pointer("1.2.0.192.in-addr.arpa", dns::Type::ptr, "octo.example");
  zone.address("octo.example", "192.0.2.1");
  check_mail("b@octo.example");
  EXPECT_EQ(zone.asked.back(), "octo.example.x.example. A");
  spf("other.example", "v=spf1 exists:%{p}.x.example -all");
  check_mail("b@other.example");
  EXPECT_EQ(zone.asked.back(), "any.example.x.example. A");
  check_mail("b@other.example", "192.0.2.2");
  EXPECT_EQ(zone.asked.back(), "unknown.x.example. A");
}

TEST_F(SpfCheck, MappedAddressesAreIpv4) {
  spf("octo.example", "v=spf1 ip6:::ffff:0:0/96 ip4:192.0.2.1 -all");
  EXPECT_EQ(why("b@octo.example", "::ffff:192.0.2.1"), "pass in-network");
  EXPECT_EQ(check_mail("b@octo.example", "::ffff:192.0.2.1").evaluation.steps[0].reason, Reason::other_family);
}

TEST_F(SpfCheck, Prefixes) {
  spf("octo.example", "v=spf1 a/24//64 -all");
  zone.address("octo.example", "192.0.2.200");
  zone.address("octo.example", "2001:db8:0:1::1");
  spf("zero.example", "v=spf1 a:octo.example/0//0 -all");
  spf("odd.example", "v=spf1 a:octo.example/27//61 -all");
  EXPECT_EQ(result("b@octo.example", "192.0.2.1"), "pass");
  EXPECT_EQ(result("b@octo.example", "192.0.3.1"), "fail");
  EXPECT_EQ(result("b@octo.example", "2001:db8:0:1:ffff::"), "pass");
  EXPECT_EQ(result("b@octo.example", "2001:db8:0:2::1"), "fail");
  EXPECT_EQ(result("b@zero.example", "203.0.113.1"), "pass");
  EXPECT_EQ(result("b@zero.example", "2001:db9::"), "pass");
  EXPECT_EQ(result("b@odd.example", "192.0.2.192"), "pass");
  EXPECT_EQ(result("b@odd.example", "192.0.2.191"), "fail");
  EXPECT_EQ(result("b@odd.example", "2001:db8:0:7::"), "pass");
  EXPECT_EQ(result("b@odd.example", "2001:db8:0:8::"), "fail");
}

// RFC 7208 §4.8
TEST_F(SpfCheck, TargetsThatAreNoNames) {
  spf("octo.example", "v=spf1 a:x..example mx:a%{h} exists:%{h}.example ip4:192.0.2.1 -all");
  query.helo = std::string(70, 'h') + ".example";
  EXPECT_EQ(why(), "pass in-network");
  const Verdict v = check_mail("b@octo.example");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(v.evaluation.steps[static_cast<std::size_t>(i)].reason, Reason::bad_target);
  EXPECT_EQ(v.voids, 0u);
  spf("include.example", "v=spf1 include:x..example +all");
  EXPECT_EQ(why("b@include.example"), "permerror include-without-record");
}

TEST(SpfReasons, EveryOneIsToldInBothLanguages) {
  std::set<std::string_view> ids;
  for (const ReasonRow& row : reason_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_TRUE(row.rule.starts_with("RFC ")) << row.id;
    EXPECT_FALSE(row.en.empty() || row.fr.empty() || row.en == row.fr) << row.id;
    EXPECT_FALSE(row.en.ends_with('.') || row.fr.ends_with('.')) << row.id;
  }
  for (const char* name : {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"})
    EXPECT_EQ(result_row(parse_result(name).value()).name, name);
  EXPECT_FALSE(parse_result("Pass"));
}

}  // namespace
}  // namespace chappe::trust::spf
