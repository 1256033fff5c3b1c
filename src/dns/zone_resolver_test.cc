#include "dns/zone_resolver.h"

#include <gtest/gtest.h>

#include "dns/test_world.h"

using namespace std::chrono_literals;

namespace chappe::dns {
namespace {

constexpr std::string_view kZone = R"(
$ORIGIN example.org.
@        3600 SOA  ns1 hostmaster 1 2h 1h 2w 5m
              NS   ns1
              MX   10 mail
              MX   20 mail2
              TXT  "v=spf1 mx -all"
mail          A    192.0.2.1
              AAAA 2001:db8::1
www           CNAME web
web           CNAME host.example.net.
dangling      CNAME nowhere
loop-a        CNAME loop-b
loop-b        CNAME loop-a
*.wild        TXT  "from the wildcard"
there.wild    A    192.0.2.9
a.deep        A    192.0.2.3
old           DNAME new.example.net.
slow          A    192.0.2.4
$ORIGIN example.net.
host     60   A    192.0.2.2
x.new         A    192.0.2.5
forged        A    192.0.2.6
$SECURE   example.org.
$INSECURE wild.example.org.
$SECURE   example.net.
$TIMEOUT  dead.example.org.
$TIMEOUT  *.dead.example.org.  MX
$SERVFAIL broken.example.org.  MX TXT
$BOGUS    forged
$DELAY    200ms slow.example.org.
)";

struct World : TestWorld {
  Answer ask(std::string_view owner, Type type, Duration limit = 5s) {
    return TestWorld::ask(*resolver, owner, type, limit);
  }
  std::unique_ptr<ZoneResolver> resolver = zone_resolver(kZone);
};

TEST(ZoneResolver, Answers) {
  World w;
  const Answer mx = w.ask("Example.org", Type::mx);
  ASSERT_EQ(mx.outcome, Outcome::answer);
  EXPECT_EQ(mx.records.as<Mx>().size(), 2u);
  EXPECT_EQ(mx.records.as<Mx>()[0].exchange.domain(), "mail.example.org");
  EXPECT_EQ(mx.ttl, 3600u);
  EXPECT_TRUE(mx.secure());
  EXPECT_TRUE(mx.chain.empty());
}

TEST(ZoneResolver, FollowsAliases) {
  World w;
  const Answer a = w.ask("www.example.org", Type::a);
  ASSERT_EQ(a.outcome, Outcome::answer);
  EXPECT_EQ(a.canonical.domain(), "host.example.net");
  EXPECT_EQ(a.chain.size(), 2u);
  EXPECT_EQ(a.chain[0].name.domain(), "www.example.org");
  EXPECT_EQ(a.records.name, a.canonical);
  EXPECT_EQ(a.ttl, 60u) << "the smallest of the chain";
  EXPECT_EQ(w.ask("www.example.org", Type::mx).outcome, Outcome::nodata);
  EXPECT_EQ(w.ask("www.example.org", Type::cname).chain.size(), 0u);
  const Answer dangling = w.ask("dangling.example.org", Type::a);
  EXPECT_EQ(dangling.outcome, Outcome::nxdomain);
  EXPECT_EQ(dangling.canonical.domain(), "nowhere.example.org");
  const Answer loop = w.ask("loop-a.example.org", Type::a);
  EXPECT_EQ(loop.outcome, Outcome::servfail);
  EXPECT_NE(loop.why, "");
}

TEST(ZoneResolver, NodataAndNxdomain) {
  World w;
  const Answer nodata = w.ask("mail.example.org", Type::mx);
  EXPECT_EQ(nodata.outcome, Outcome::nodata);
  EXPECT_EQ(nodata.ttl, 300u) << "the minimum of the SOA";
  EXPECT_TRUE(nodata.secure());
  EXPECT_TRUE(nodata.absent());
  // RFC 8020: a name with others below it exists.
  EXPECT_EQ(w.ask("deep.example.org", Type::a).outcome, Outcome::nodata);
  EXPECT_EQ(w.ask("no.deep.example.org", Type::a).outcome, Outcome::nxdomain);
  EXPECT_EQ(w.ask("nothing.test", Type::a).outcome, Outcome::nxdomain);
  EXPECT_EQ(w.ask("nothing.test", Type::a).ttl, 0u);
}

TEST(ZoneResolver, Wildcards) {
  World w;
  const Answer a = w.ask("x.y.wild.example.org", Type::txt);
  ASSERT_EQ(a.outcome, Outcome::answer);
  EXPECT_EQ(a.records.name.domain(), "x.y.wild.example.org");
  EXPECT_FALSE(a.secure()) << "$INSECURE is closer than $SECURE";
  EXPECT_EQ(w.ask("x.wild.example.org", Type::a).outcome, Outcome::nodata);
  // RFC 4592 §2.2.1: what exists, or is below what exists, gets nothing from the wildcard.
  EXPECT_EQ(w.ask("there.wild.example.org", Type::txt).outcome, Outcome::nodata);
  EXPECT_EQ(w.ask("below.there.wild.example.org", Type::txt).outcome, Outcome::nxdomain);
}

TEST(ZoneResolver, Dname) {
  World w;
  const Answer a = w.ask("x.old.example.org", Type::a);
  ASSERT_EQ(a.outcome, Outcome::answer);
  EXPECT_EQ(a.canonical.domain(), "x.new.example.net");
  EXPECT_EQ(a.chain.size(), 1u);
  EXPECT_EQ(w.ask("old.example.org", Type::a).outcome, Outcome::nodata);
  EXPECT_EQ(w.ask("old.example.org", Type::dname).outcome, Outcome::answer);
}

TEST(ZoneResolver, Faults) {
  World w;
  const Steady before = w.clock.steady();
  const Answer dead = w.ask("dead.example.org", Type::a, 3s);
  EXPECT_EQ(dead.outcome, Outcome::timeout);
  EXPECT_EQ(w.clock.steady() - before, 3s);
  EXPECT_EQ(w.ask("x.dead.example.org", Type::mx).outcome, Outcome::timeout);
  EXPECT_EQ(w.ask("x.dead.example.org", Type::a).outcome, Outcome::nxdomain);
  EXPECT_EQ(w.ask("broken.example.org", Type::mx).outcome, Outcome::servfail);
  EXPECT_EQ(w.ask("broken.example.org", Type::a).outcome, Outcome::nxdomain);
  const Answer forged = w.ask("forged.example.net", Type::a);
  EXPECT_EQ(forged.outcome, Outcome::bogus);
  EXPECT_TRUE(forged.records.empty());
  EXPECT_FALSE(forged.secure());
}

TEST(ZoneResolver, Delays) {
  World w;
  const Steady before = w.clock.steady();
  EXPECT_EQ(w.ask("slow.example.org", Type::a).outcome, Outcome::answer);
  EXPECT_EQ(w.clock.steady() - before, 200ms);
  EXPECT_EQ(w.ask("slow.example.org", Type::a, 100ms).outcome, Outcome::timeout);
}

TEST(ZoneResolver, BadTextsSayWhere) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"$TIMEOUT\n", "zone text:1: $TIMEOUT takes a name"},
      {"\n$DELAY a.b.\n", "zone text:2: $DELAY takes a time first, as 200ms or 3s"},
      {"$NONSENSE x\n", "zone text:1: $NONSENSE is not known"},
      {"$SERVFAIL x MXX\n", "zone text:1: no such type: MXX"},
  };
  for (const auto& [text, why] : rows) {
    const auto made = ZoneResolver::from_text(text);
    ASSERT_FALSE(made) << text;
    EXPECT_TRUE(made.error().text().starts_with(why)) << made.error().text();
  }
}

TEST(Resolver, OutcomesHaveClasses) {
  EXPECT_FALSE(outcome_row(Outcome::answer).error);
  for (const Outcome o : {Outcome::nodata, Outcome::nxdomain})
    EXPECT_EQ(error_row(*outcome_row(o).error).cls, ErrorClass::permanent);
  for (const Outcome o : {Outcome::servfail, Outcome::timeout, Outcome::bogus})
    EXPECT_EQ(error_row(*outcome_row(o).error).cls, ErrorClass::temporary);
  EXPECT_EQ(parse_outcome("bogus"), Outcome::bogus);
  EXPECT_FALSE(parse_outcome("boguss"));
}

TEST(Resolver, AddressesOfBothKinds) {
  World w;
  struct Both {
    static net::Task<Addresses> of(Resolver* r, Name n) {
      co_return co_await addresses_of(*r, std::move(n), net::Deadline::in(1s));
    }
  };
  const Addresses a = w.executor.run(Both::of(w.resolver.get(), name("mail.example.org")));
  EXPECT_EQ(a.v4.records.as<A>().at(0).text(), "192.0.2.1");
  EXPECT_EQ(a.v6.records.as<Aaaa>().at(0).text(), "2001:db8::1");
}

TEST(Resolver, ReverseNames) {
  EXPECT_EQ(reverse_name("192.0.2.1")->text(), "1.2.0.192.in-addr.arpa.");
  EXPECT_EQ(reverse_name("2001:db8::1")->text(),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
  EXPECT_FALSE(reverse_name("mail.example.org"));
}

}  // namespace
}  // namespace chappe::dns
