// The resolver that validates (dns/live.h), against a server of our own: it needs one, and dns/ has none.
#include "dns/live.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agents/nameserver/test_site.h"

using namespace std::chrono_literals;

namespace chappe::agents::nameserver {
namespace {

using dns::Answer;
using dns::Outcome;
using dns::Security;
using dns::SignOptions;
using dns::Type;
using net::Deadline;

constexpr auto kNsec = SignOptions::Proof::nsec;
constexpr auto kNsec3 = SignOptions::Proof::nsec3;

std::vector<dns::Record> zone_named(std::string_view apex) {
  return records(fmt::format(R"($ORIGIN {}
$TTL 60
@      SOA   ns h 1 2h 1h 2w 5m
       NS    ns
ns     A     127.0.0.1
a      A     192.0.2.1
www    CNAME a
*.wild TXT   "wild"
old    DNAME new
x.new  A     192.0.2.2
*.new  TXT   "wild"
)",
                             apex));
}

// "example." is signed, and is the trust anchor; below it stand zones with all kinds of trouble.
struct Site {
  Site() {
    dns::Zones zones;
    const dns::ZoneKey top = key_of(1);
    auto parent = zone_named("example.");
    const auto child = [&](std::string_view apex, std::vector<dns::Record> all, const dns::ZoneKey* ds) {
      parent.push_back({name(apex), Type::ns, 60, Bytes(name(std::string("ns.") + std::string(apex)).wire())});
      if (ds) parent.push_back(dns::ds_of(name(apex), ds->dnskey(), 60));
      add_zone(zones, all);
      names.emplace_back(apex);
    };
    const dns::ZoneKey key = key_of(2), other = key_of(3);
    child("hashed.example.", signed_records(zone_named("hashed.example."), key, kNsec3), &key);
    child("plain.example.", zone_named("plain.example."), nullptr);
    child("expired.example.", signed_records(zone_named("expired.example."), key, kNsec, -48h, -24h), &key);
    child("future.example.", signed_records(zone_named("future.example."), key, kNsec, 24h, 48h), &key);
    child("wrong-key.example.", signed_records(zone_named("wrong-key.example."), key, kNsec), &other);
    child("unsigned.example.", zone_named("unsigned.example."), &key);
    auto tampered = signed_records(zone_named("tampered.example."), key, kNsec);
    for (dns::Record& r : tampered)
      if (r.type == Type::a && r.name == name("a.tampered.example")) r.rdata = "\xc0\x02\x02\x42";
    child("tampered.example.", tampered, &key);
    parent.push_back({name("dead.example."), Type::ns, 60, Bytes(name("ns.plain.example").wire())});
    names.emplace_back("not-ours.");
    add_zone(zones, signed_records(parent, top, kNsec));
    names.emplace_back("example.");
    server.emplace(std::move(zones));

    anchor = (std::filesystem::temp_directory_path() / fmt::format("chappe-anchor-{}", getpid())).string();
    std::ofstream(anchor) << dns::write_zone({dns::ds_of(name("example."), top.dnskey())}, dns::Name());
  }
  ~Site() { std::filesystem::remove(anchor); }

  dns::LiveOptions options() const {
    dns::LiveOptions out;
    out.trust_anchors = {anchor};
    out.ask_loopback = true;
    for (const std::string& apex : names) out.stubs.push_back({name(apex), server->at()});
    out.stubs.push_back({name("dead.example."), silent->at()});
    return out;
  }

  std::vector<std::string> names;
  std::optional<TestServer> server;
  Result<net::DatagramSocket> silent = net::DatagramSocket::bind(*net::Endpoint::parse("127.0.0.1", 0));
  std::string anchor;
};

net::Task<Answer> ask_within(dns::Resolver* r, dns::Question q, Duration limit) {
  co_return co_await r->ask(std::move(q), Deadline::in(limit));
}

Answer ask(dns::Resolver& r, std::string_view owner, Type type, Duration limit = 20s) {
  return net::run(ask_within(&r, {name(owner), type}, limit));
}

TEST(Live, TellsSecureInsecureAndBogusApart) {
  const Site site;
  const auto live = dns::LiveResolver::start(site.options());
  ASSERT_TRUE(live) << live.error().text();
  struct Row {
    std::string_view owner;
    Type type;
    Outcome outcome;
    Security security;
  };
  using enum Outcome;
  const Row rows[] = {
      {"a.example", Type::a, answer, Security::secure},
      {"www.example", Type::a, answer, Security::secure},
      {"x.y.wild.example", Type::txt, answer, Security::secure},
      {"x.old.example", Type::a, answer, Security::secure},
      {"y.old.example", Type::txt, answer, Security::secure},
      {"y.old.example", Type::a, nodata, Security::secure},
      {"y.x.old.example", Type::a, nxdomain, Security::secure},
      {"a.example", Type::mx, nodata, Security::secure},
      {"x.wild.example", Type::mx, nodata, Security::secure},
      {"wild.example", Type::txt, nodata, Security::secure},
      {"nothing.example", Type::a, nxdomain, Security::secure},
      {"a.hashed.example", Type::a, answer, Security::secure},
      {"x.wild.hashed.example", Type::txt, answer, Security::secure},
      {"y.old.hashed.example", Type::txt, answer, Security::secure},
      {"y.old.hashed.example", Type::a, nodata, Security::secure},
      {"y.x.old.hashed.example", Type::a, nxdomain, Security::secure},
      {"a.hashed.example", Type::mx, nodata, Security::secure},
      {"x.wild.hashed.example", Type::mx, nodata, Security::secure},
      {"nothing.hashed.example", Type::a, nxdomain, Security::secure},
      {"a.plain.example", Type::a, answer, Security::insecure},
      {"nothing.plain.example", Type::a, nxdomain, Security::insecure},
      {"a.expired.example", Type::a, bogus, Security::indeterminate},
      {"a.future.example", Type::a, bogus, Security::indeterminate},
      {"a.wrong-key.example", Type::a, bogus, Security::indeterminate},
      {"a.unsigned.example", Type::a, bogus, Security::indeterminate},
      {"a.tampered.example", Type::a, bogus, Security::indeterminate},
      {"ns.tampered.example", Type::a, answer, Security::secure},
      {"a.not-ours", Type::a, servfail, Security::indeterminate},
  };
  for (const Row& row : rows) {
    const Answer got = ask(**live, row.owner, row.type);
    EXPECT_EQ(outcome_row(got.outcome).name, outcome_row(row.outcome).name) << row.owner << ": " << got.why;
    EXPECT_EQ(security_name(got.security), security_name(row.security)) << row.owner;
    EXPECT_EQ(got.records.empty(), row.outcome != answer) << row.owner;
    EXPECT_EQ(got.why.empty(), row.outcome == answer || got.absent()) << row.owner;
  }
  const Answer chain = ask(**live, "www.example", Type::a);
  EXPECT_EQ(chain.chain.size(), 1u);
  EXPECT_EQ(chain.canonical, name("a.example"));
  EXPECT_EQ(chain.records.as<dns::A>().at(0).text(), "192.0.2.1");
  EXPECT_LE(chain.ttl, 60u);
}

TEST(Live, WithoutAnAnchorNobodyLooked) {
  const Site site;
  auto options = site.options();
  options.trust_anchors.clear();
  const auto live = dns::LiveResolver::start(options);
  ASSERT_TRUE(live) << live.error().text();
  const Answer got = ask(**live, "a.tampered.example", Type::a);
  EXPECT_EQ(got.outcome, Outcome::answer);
  EXPECT_EQ(got.security, Security::indeterminate);
}

TEST(Live, Forwards) {
  const Site site;
  dns::LiveOptions options;
  options.ask_loopback = true;
  options.forward = {site.server->at()};
  const auto live = dns::LiveResolver::start(options);
  ASSERT_TRUE(live) << live.error().text();
  EXPECT_EQ(ask(**live, "www.example", Type::a).records.as<dns::A>().at(0).text(), "192.0.2.1");
  EXPECT_EQ(ask(**live, "nothing.example", Type::a).outcome, Outcome::nxdomain);
  EXPECT_EQ(ask(**live, "a.not-ours", Type::a).outcome, Outcome::servfail);
}

TEST(Live, DeadlinesHold) {
  const Site site;
  const auto live = dns::LiveResolver::start(site.options());
  ASSERT_TRUE(live) << live.error().text();
  const Steady before = system_clock().steady();
  const Answer got = ask(**live, "a.dead.example", Type::a, 300ms);
  EXPECT_EQ(got.outcome, Outcome::timeout);
  const Duration took = system_clock().steady() - before;
  EXPECT_GE(took, 300ms);
  EXPECT_LT(took, 3s);
}

net::Task<void> count_outcome(dns::Resolver* r, dns::Question q, Duration limit, std::map<Outcome, int>* counts) {
  ++(*counts)[(co_await r->ask(std::move(q), Deadline::in(limit))).outcome];
}

net::Task<std::map<Outcome, int>> ask_many(dns::Resolver* r, int count, Duration limit) {
  std::map<Outcome, int> counts;
  net::Scope all;
  for (int i = 0; i < count; ++i)
    all.spawn(count_outcome(r, {name(fmt::format("n{}.dead.example", i)), Type::a}, limit, &counts));
  co_await all.join();
  co_return counts;
}

TEST(Live, OutstandingAndQueueAreBounded) {
  const Site site;
  auto options = site.options();
  options.queue = 100;
  const auto live = dns::LiveResolver::start(options);
  ASSERT_TRUE(live) << live.error().text();
  auto counts = net::run(ask_many(live->get(), 400, 500ms));
  EXPECT_EQ(counts[Outcome::timeout] + counts[Outcome::servfail], 400);
  EXPECT_GE(counts[Outcome::servfail], 400 - 64 - 100 - 64) << "what finds the queue full hears that at once";
  EXPECT_GE(counts[Outcome::timeout], 100);
  EXPECT_LE((*live)->most_outstanding(), 64u);
  EXPECT_EQ(ask(**live, "a.example", Type::a).outcome, Outcome::answer) << "those that were given up left room";
}

TEST(Live, Overrides) {
  const Site site;
  auto options = site.options();
  options.overrides = records("$TTL 60\na.example. A 198.51.100.1\nnew.invalid. MX 10 a.example.\n");
  const auto live = dns::LiveResolver::start(options);
  ASSERT_TRUE(live) << live.error().text();
  EXPECT_EQ(ask(**live, "a.example", Type::a).records.as<dns::A>().at(0).text(), "198.51.100.1");
  EXPECT_EQ(ask(**live, "a.example", Type::txt).outcome, Outcome::nodata);
  EXPECT_EQ(ask(**live, "new.invalid", Type::mx).outcome, Outcome::answer);
  EXPECT_EQ(ask(**live, "ns.example", Type::a).outcome, Outcome::answer);
}

TEST(Live, BadOptionsAreSaid) {
  dns::LiveOptions options;
  options.trust_anchors = {"/nonexistent/anchor"};
  EXPECT_EQ(dns::LiveResolver::start(options).error().text(), "cannot read the trust anchor /nonexistent/anchor");
  options.trust_anchors.clear();
  options.root_hints = "/nonexistent/hints";
  EXPECT_EQ(dns::LiveResolver::start(options).error().text(), "cannot read the root hints /nonexistent/hints");
}

}  // namespace
}  // namespace chappe::agents::nameserver
