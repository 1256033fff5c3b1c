#include "trust/iprev.h"

#include <gtest/gtest.h>

#include <set>

#include "dns/zone_resolver.h"
#include "trust/testing.h"

using namespace std::chrono_literals;

namespace chappe::trust {
namespace {

net::Task<Iprev> iprev(dns::Resolver* resolver, std::string ip, Duration time) {
  co_return co_await check_iprev(*resolver, std::move(ip), net::Deadline::in(time));
}
net::Task<HeloCheck> helo(dns::Resolver* resolver, std::string name, std::string ip) {
  co_return co_await check_helo_name(*resolver, std::move(name), std::move(ip), "mx.us.example", net::Deadline::in(1h));
}

std::unique_ptr<dns::ZoneResolver> zone(std::string_view text) { return dns::ZoneResolver::from_text(text).value(); }

// "pass confirmed"
std::string told(const Iprev& found) {
  return fmt::format("{} {}", iprev_result_name(found.result()), iprev_row(found.reason).id);
}
std::string of(std::string_view text, std::string ip = "192.0.2.1") {
  const auto resolver = zone(text);
  return told(run_now(iprev(resolver.get(), std::move(ip), 1h)));
}

TEST(Iprev, Results) {
  const std::string ptr = "1.2.0.192.in-addr.arpa. PTR mx.octo.example.\n";
  EXPECT_EQ(of(ptr + "mx.octo.example. A 192.0.2.1"), "pass confirmed");
  EXPECT_EQ(of(ptr + "mx.octo.example. A 192.0.2.9\nmx.octo.example. A 192.0.2.1"), "pass confirmed");
  EXPECT_EQ(of(ptr + "mx.octo.example. A 192.0.2.9"), "fail other-addresses");
  EXPECT_EQ(of(ptr), "fail no-addresses");
  EXPECT_EQ(of(ptr + "mx.octo.example. AAAA 2001:db8::1"), "fail no-addresses");
  EXPECT_EQ(of("mx.octo.example. A 192.0.2.1"), "permerror no-names");
  EXPECT_EQ(of("1.2.0.192.in-addr.arpa. TXT x"), "permerror no-names");
  for (const std::string fault : {"$TIMEOUT", "$SERVFAIL", "$BOGUS"}) {
    EXPECT_EQ(of(ptr + fault + " 1.2.0.192.in-addr.arpa."), "temperror reverse-failed") << fault;
    EXPECT_EQ(of(ptr + fault + " mx.octo.example."), "temperror forward-failed") << fault;
  }
  EXPECT_EQ(of(ptr, "unix"), "none no-address");
  EXPECT_EQ(of(ptr, ""), "none no-address");
}

TEST(Iprev, Ipv6) {
  const std::string zone_text =
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR mx.octo.example.\n"
      "1.2.0.192.in-addr.arpa. PTR mx.octo.example.\nmx.octo.example. AAAA 2001:DB8:0::1\nmx.octo.example. A 192.0.2.1";
  EXPECT_EQ(of(zone_text, "2001:db8::1"), "pass confirmed");
  EXPECT_EQ(of(zone_text, "2001:0db8:0:0:0:0:0:1"), "pass confirmed");
  EXPECT_EQ(of(zone_text, "::ffff:192.0.2.1"), "pass confirmed");
  EXPECT_EQ(of(zone_text, "2001:db8::2"), "permerror no-names");
}

// One name that leads back is enough, whatever the others do.
TEST(Iprev, SeveralNames) {
  const std::string names =
      "1.2.0.192.in-addr.arpa. PTR a.example.\n1.2.0.192.in-addr.arpa. PTR b.example.\n"
      "1.2.0.192.in-addr.arpa. PTR c.example.\na.example. A 192.0.2.9\n$SERVFAIL b.example.\n";
  EXPECT_EQ(of(names), "temperror forward-failed");
  const auto resolver = zone(names + "c.example. A 192.0.2.1\n");
  const Iprev found = run_now(iprev(resolver.get(), "192.0.2.1", 1h));
  EXPECT_EQ(told(found), "pass confirmed");
  EXPECT_EQ(found.name.domain(), "c.example");
  ASSERT_EQ(found.names.size(), 3u);
  EXPECT_EQ(found.name_count, 3u);
  std::set<std::string> confirmed, refuted;
  for (const IprevName& n : found.names) (n.confirmed ? confirmed : refuted).insert(n.name.domain());
  EXPECT_EQ(confirmed, std::set<std::string>{"c.example"});
  EXPECT_EQ(refuted, (std::set<std::string>{"a.example", "b.example"}));
  ASSERT_EQ(found.questions.size(), 4u);
  EXPECT_EQ(found.questions[0].question.text(), "1.2.0.192.in-addr.arpa. PTR");
  for (const IprevName& n : found.names) EXPECT_EQ(found.questions[n.question].question.name, n.name);
}

TEST(Iprev, OnlyTenNamesAreLookedAt) {
  std::string text;
  for (int i = 0; i < 30; ++i)
    text += fmt::format("1.2.0.192.in-addr.arpa. PTR h{0}.example.\nh{0}.example. A 192.0.2.9\n", i);
  const auto resolver = zone(text);
  const Iprev found = run_now(iprev(resolver.get(), "192.0.2.1", 1h));
  EXPECT_EQ(told(found), "fail other-addresses");
  EXPECT_EQ(found.names.size(), kMaxIprevNames);
  EXPECT_EQ(found.name_count, 30u);
  EXPECT_EQ(found.questions.size(), 1 + kMaxIprevNames);
}

TEST(Iprev, NamesAreAskedAboutAtTheSameTime) {
  std::string text = "$DELAY 3s *.slow.example.\n";
  for (int i = 0; i < 10; ++i)
    text += fmt::format("1.2.0.192.in-addr.arpa. PTR h{0}.slow.example.\nh{0}.slow.example. A 192.0.2.1\n", i);
  const auto resolver = zone(text);
  ManualClock clock;
  net::LocalExecutor executor(clock);
  const Time before = clock.now();
  EXPECT_EQ(told(executor.run(iprev(resolver.get(), "192.0.2.1", 5s))), "pass confirmed");
  EXPECT_EQ(clock.now() - before, 3s);
  EXPECT_EQ(told(executor.run(iprev(resolver.get(), "192.0.2.1", 2s))), "temperror forward-failed");
}

TEST(HeloName, Findings) {
  const auto resolver = zone(
      "mx.octo.example. A 192.0.2.1\nmx.octo.example. A 192.0.2.2\nother.example. A 192.0.2.9\n"
      "text.example. TXT x\n$TIMEOUT dead.example.\nsix.example. AAAA 2001:db8::1\nmx.us.example. A 192.0.2.1\n");
  const auto finding = [&](std::string name, std::string ip = "192.0.2.1") {
    return helo_row(run_now(helo(resolver.get(), std::move(name), std::move(ip))).finding).id;
  };
  EXPECT_EQ(finding("mx.octo.example"), "resolves");
  EXPECT_EQ(finding("MX.Octo.Example."), "resolves");
  EXPECT_EQ(finding("mx.octo.example", "::ffff:192.0.2.2"), "resolves");
  EXPECT_EQ(finding("six.example", "2001:db8:0::1"), "resolves");
  EXPECT_EQ(finding("other.example"), "other-addresses");
  EXPECT_EQ(finding("six.example"), "no-addresses");
  EXPECT_EQ(finding("text.example"), "no-addresses");
  EXPECT_EQ(finding("gone.example"), "no-name");
  EXPECT_EQ(finding("dead.example"), "lookup-failed");
  EXPECT_EQ(finding("localhost"), "dotless");
  EXPECT_EQ(finding("DESKTOP-A1B2C3"), "dotless");
  EXPECT_EQ(finding("MX.us.example"), "own-name");
  EXPECT_EQ(finding("mx.us.example."), "own-name");
  EXPECT_EQ(finding("[192.0.2.1]"), "literal");
  EXPECT_EQ(finding("[IPv6:2001:db8::1]", "2001:db8::1"), "literal");
  EXPECT_EQ(finding("[ipv6:::ffff:192.0.2.1]"), "literal");
  EXPECT_EQ(finding("[192.0.2.9]"), "other-literal");
  for (const char* bad : {"[", "[]", "[192.0.2.1", "[2001:db8::1]", "[IPv6:192.0.2.1]", "[octo.example]"})
    EXPECT_EQ(finding(bad), "bad-literal") << bad;
  for (const char* bad : {"", ".", "a..b", "a b.example", "-x.example", "under_score.example", "192.0.2.1",
                          "b\xc3\xbc"
                          "cher.example",
                          "x\r\n.example"})
    EXPECT_EQ(finding(bad), "bad-name") << bad;
}

TEST(HeloName, AsksOnlyAboutNames) {
  const auto resolver = zone("mx.octo.example. A 192.0.2.1\n");
  EXPECT_EQ(run_now(helo(resolver.get(), "mx.octo.example", "192.0.2.1")).questions.size(), 1u);
  for (const char* name : {"[192.0.2.1]", "localhost", "a..b", "mx.us.example"})
    EXPECT_TRUE(run_now(helo(resolver.get(), name, "192.0.2.1")).questions.empty()) << name;
}

TEST(Iprev, EveryReasonIsToldInBothLanguages) {
  for (const IprevRow& row : iprev_rows()) EXPECT_FALSE(row.id.empty() || row.en.empty() || row.fr.empty());
  std::set<std::string_view> ids;
  for (const HeloRow& row : helo_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second);
    EXPECT_FALSE(row.en.empty() || row.fr.empty());
  }
}

}  // namespace
}  // namespace chappe::trust
