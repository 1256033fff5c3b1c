#include "dns/overlay.h"

#include <gtest/gtest.h>

#include "dns/test_world.h"

namespace chappe::dns {
namespace {

constexpr std::string_view kToday = R"(
$ORIGIN example.org.
@     3600 SOA ns1 hostmaster 1 2h 1h 2w 5m
           MX  10 old
old        A   192.0.2.1
www        CNAME host
host       A   192.0.2.2
$SECURE example.org.
$SERVFAIL broken.example.org.
)";

struct World : TestWorld {
  Answer ask(std::string_view owner, Type type) { return TestWorld::ask(plan, owner, type); }
  std::unique_ptr<ZoneResolver> today = zone_resolver(kToday);
  OverlayResolver plan{*today};
};

TEST(Overlay, WithoutAPlanNothingChanges) {
  World w;
  const Answer a = w.ask("www.example.org", Type::a);
  EXPECT_EQ(a.records.as<A>().at(0).text(), "192.0.2.2");
  EXPECT_EQ(a.chain.size(), 1u);
  EXPECT_TRUE(a.secure());
  EXPECT_EQ(w.ask("nothing.example.org", Type::a).outcome, Outcome::nxdomain);
}

TEST(Overlay, Adds) {
  World w;
  w.plan.add(record("example.org", Type::mx, "20 new.example.org.", 60));
  w.plan.add(record("_dmarc.example.org", Type::txt, "\"v=DMARC1; p=none\""));
  const Answer mx = w.ask("example.org", Type::mx);
  EXPECT_EQ(mx.records.rdata.size(), 2u);
  EXPECT_EQ(mx.ttl, 60u);
  const Answer dmarc = w.ask("_dmarc.example.org", Type::txt);
  EXPECT_EQ(Txt::joined(dmarc.records.rdata.at(0)), "v=DMARC1; p=none");
  EXPECT_TRUE(dmarc.secure()) << "as the proof of its absence is today";
  EXPECT_EQ(w.ask("_dmarc.example.org", Type::a).outcome, Outcome::nodata) << "the name exists now";
  w.plan.add(record("broken.example.org", Type::a, "192.0.2.9"));
  EXPECT_EQ(w.ask("broken.example.org", Type::a).outcome, Outcome::servfail) << "what it is added to is not known";
}

TEST(Overlay, ReplacesAndRemoves) {
  World w;
  w.plan.replace({name("example.org"), Type::mx, 120, {*rdata_from_text(Type::mx, "0 .")}});
  w.plan.remove(name("old.example.org"), Type::a);
  w.plan.remove(name("nothing.example.org"), Type::a);
  const Answer mx = w.ask("example.org", Type::mx);
  ASSERT_EQ(mx.records.rdata.size(), 1u);
  EXPECT_TRUE(mx.records.as<Mx>()[0].exchange.is_root());
  EXPECT_EQ(mx.ttl, 120u);
  EXPECT_EQ(w.ask("old.example.org", Type::a).outcome, Outcome::nodata);
  EXPECT_EQ(w.ask("nothing.example.org", Type::a).outcome, Outcome::nxdomain);
}

TEST(Overlay, AliasesOfTodayAndOfThePlan) {
  World w;
  w.plan.replace({name("host.example.org"), Type::a, 60, {*rdata_from_text(Type::a, "192.0.2.7")}});
  w.plan.add(record("new.example.org", Type::cname, "www.example.org."));
  const Answer a = w.ask("new.example.org", Type::a);
  ASSERT_EQ(a.outcome, Outcome::answer);
  EXPECT_EQ(a.records.as<A>()[0].text(), "192.0.2.7");
  EXPECT_EQ(a.chain.size(), 2u);
  EXPECT_EQ(a.canonical, name("host.example.org"));
  EXPECT_EQ(a.ttl, 60u);
  EXPECT_TRUE(a.secure());
  w.plan.replace({name("www.example.org"), Type::txt, 60, {*rdata_from_text(Type::txt, "planned")}});
  const Answer txt = w.ask("www.example.org", Type::txt);
  EXPECT_EQ(txt.outcome, Outcome::answer) << "in place of the alias, though that leads to a planned name";
  EXPECT_TRUE(txt.secure());

  w.plan.remove(name("www.example.org"), Type::cname);
  EXPECT_EQ(w.ask("www.example.org", Type::a).outcome, Outcome::nodata);
  w.plan.add(record("www.example.org", Type::a, "192.0.2.8"));
  EXPECT_EQ(w.ask("www.example.org", Type::a).records.as<A>().at(0).text(), "192.0.2.8");

  w.plan.add(record("l1.example.org", Type::cname, "l2.example.org."));
  w.plan.add(record("l2.example.org", Type::cname, "l1.example.org."));
  EXPECT_EQ(w.ask("l1.example.org", Type::a).outcome, Outcome::servfail);
}

}  // namespace
}  // namespace chappe::dns
