#include "dns/walk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "dns/root_servers.h"
#include "dns/test_internet.h"
#include "dns/walk_trust.h"

using namespace std::chrono_literals;

namespace chappe::dns {
namespace {

std::vector<NamedServer> roots(std::initializer_list<std::string_view> ips = {"192.0.2.1"}) {
  std::vector<NamedServer> out;
  for (const auto ip : ips) out.push_back({name("ns.root"), {*net::Endpoint::parse(ip, kDnsPort)}});
  return out;
}

std::string zone(std::string_view apex, std::string_view ip, std::string_view more) {
  return fmt::format("$ORIGIN {}\n$TTL 300\n@ SOA ns h 1 2h 1h 2w 60\n@ NS ns\nns A {}\n{}\n", apex, ip, more);
}

// A root at .1, test. at .2, octo.test. at .3, far.test. at .4.
class WalkTest : public ::testing::Test, public TestWorld {
 protected:
  WalkTest() {
    net.serve({"192.0.2.1"},
              "$ORIGIN .\n$TTL 300\n. SOA ns.root. h. 1 2h 1h 2w 60\n. NS ns.root.\nns.root. A 192.0.2.1\n"
              "test. 172800 NS ns.test.\nns.test. A 192.0.2.2\nout. NS ns.out.\nns.out. A 192.0.2.8\n");
    net.serve({"192.0.2.2"}, zone("test.", "192.0.2.2",
                                  "octo NS ns.octo\nns.octo A 192.0.2.3\nocto DS 1 13 2 aabb\n"
                                  "far NS ns.far\nns.far A 192.0.2.4\n"
                                  "glueless NS h.out.\n"
                                  "two NS dead.two\ntwo NS ns.two\ndead.two A 192.0.2.9\nns.two A 192.0.2.5\n"
                                  "lame NS ns.lame\nns.lame A 192.0.2.4\n"
                                  "left NS ns.right\nright NS ns.left\n"
                                  "six NS ns.six\nns.six AAAA 2001:db8::6\nns.six A 192.0.2.6\n"));
    net.serve({"192.0.2.3"}, zone("octo.test.", "192.0.2.3",
                                  "@ MX 10 mail\nmail A 192.0.2.25\nwww CNAME mail\nout CNAME host.far.test.\n"
                                  "round CNAME round.far.test.\n"));
    net.serve({"192.0.2.4"}, zone("far.test.", "192.0.2.4", "host A 192.0.2.26\nround CNAME round.octo.test.\n"));
    net.serve({"192.0.2.4"}, zone("glueless.test.", "192.0.2.4", "@ MX 10 ns\n"));
    net.serve({"192.0.2.8"}, zone("out.", "192.0.2.8", "h A 192.0.2.4\n"));
    net.serve({"192.0.2.5"}, zone("two.test.", "192.0.2.5", "@ MX 10 ns\nns A 192.0.2.5\n"));
    net.serve({"192.0.2.6", "2001:db8::6"}, zone("six.test.", "192.0.2.6", "@ MX 10 ns\n"));
    net.kill("192.0.2.9");
  }

  Walk walk(Walker& walker, std::string_view owner, Type type, Duration limit = 60s) {
    return executor.run(walk_within(&walker, {name(owner), type}, limit));
  }
  Walk walk(std::string_view owner, Type type, WalkLimits limits = {}) {
    Walker walker(net, roots(), limits);
    return walk(walker, owner, type);
  }

  // "referral test., answer"; a step of a walk within the walk has a ">" in front for each depth.
  static std::string told(const Walk& walk) {
    std::string out;
    for (const WalkStep& step : walk.steps) {
      if (!out.empty()) out += ", ";
      out += std::string(step.depth, '>') + std::string(said_name(step.reading.said));
      if (step.reading.said == Said::referral) out += ' ' + step.reading.delegation.zone.text();
      if (step.reading.flaw != Flaw::none) out += fmt::format(" ({})", flaw_name(step.reading.flaw));
    }
    return out;
  }

  TestInternet net;

 private:
  static net::Task<Walk> walk_within(Walker* walker, Question question, Duration limit) {
    co_return co_await walker->walk(std::move(question), net::Deadline::in(limit));
  }
};

TEST_F(WalkTest, FromTheRootDown) {
  const Walk got = walk("octo.test", Type::mx);
  EXPECT_EQ(told(got), "referral test., referral octo.test., answer");
  EXPECT_EQ(net.asked, (std::vector<std::string>{"192.0.2.1 octo.test. MX", "192.0.2.2 octo.test. MX",
                                                 "192.0.2.3 octo.test. MX"}));
  EXPECT_EQ(got.end, WalkEnd::answered);
  EXPECT_EQ(got.answer.outcome, Outcome::answer);
  EXPECT_EQ(got.answer.records.rdata.size(), 1u);
  EXPECT_EQ(got.answer.ttl, 300u);
  const WalkStep& first = got.steps.front();
  EXPECT_EQ(first.zone, Name());
  EXPECT_EQ(first.server, name("ns.root"));
  EXPECT_EQ(first.at->describe(), "192.0.2.1:53");
  EXPECT_EQ(first.reading.delegation.ttl, 172'800u);
  EXPECT_FALSE(first.authoritative);
  EXPECT_GT(first.octets, 12u);
  EXPECT_EQ(got.steps[1].zone, name("test"));
  EXPECT_TRUE(got.steps[2].authoritative);
}

TEST_F(WalkTest, WhatIsNotThere) {
  const Walk nodata = walk("octo.test", Type::txt);
  EXPECT_EQ(told(nodata), "referral test., referral octo.test., nodata");
  EXPECT_EQ(nodata.answer.outcome, Outcome::nodata);
  EXPECT_EQ(nodata.answer.ttl, 60u);
  const Walk nxdomain = walk("nothing.test", Type::mx);
  EXPECT_EQ(told(nxdomain), "referral test., nxdomain");
  EXPECT_EQ(nxdomain.answer.outcome, Outcome::nxdomain);
}

TEST_F(WalkTest, WhatIsKnownIsNotAskedAgain) {
  Walker walker(net, roots());
  (void)walk(walker, "octo.test", Type::mx);
  EXPECT_EQ(told(walk(walker, "mail.octo.test", Type::a)), "answer");
  EXPECT_EQ(told(walk(walker, "host.far.test", Type::a)), "referral far.test., answer");
}

TEST_F(WalkTest, ADsIsAskedAboveTheCut) {
  Walker walker(net, roots());
  (void)walk(walker, "octo.test", Type::mx);
  const Walk got = walk(walker, "octo.test", Type::ds);
  EXPECT_EQ(told(got), "answer");
  EXPECT_EQ(got.steps[0].zone, name("test"));
}

TEST_F(WalkTest, AServerWithoutGlueIsLookedUpByAWalkOfItsOwn) {
  const Walk got = walk("glueless.test", Type::mx);
  EXPECT_EQ(told(got), "referral test., referral glueless.test., >referral out., >answer, answer");
  EXPECT_EQ(got.steps[2].question.text(), "h.out. A");
  EXPECT_EQ(got.end, WalkEnd::answered);
}

TEST_F(WalkTest, ServersThatOnlyNameEachOtherAreNeverFound) {
  const Walk got = walk("left.test", Type::mx);
  EXPECT_EQ(got.end, WalkEnd::nobody);
  EXPECT_EQ(got.answer.outcome, Outcome::servfail);
  const std::string steps = told(got);
  EXPECT_NE(steps.find("homeless (circle)"), std::string::npos) << steps;
  EXPECT_EQ(got.steps.back().depth, 0u);
  EXPECT_FALSE(got.steps.back().at);
}

TEST_F(WalkTest, ADeadServerIsPassedByAndRemembered) {
  Walker walker(net, roots());
  const Walk first = walk(walker, "two.test", Type::mx);
  EXPECT_EQ(told(first), "referral test., referral two.test., timeout, answer");
  EXPECT_EQ(first.steps[2].took, WalkLimits().server);
  EXPECT_EQ(told(walk(walker, "ns.two.test", Type::a)), "answer");
}

TEST_F(WalkTest, LameServers) {
  const Walk got = walk("lame.test", Type::mx);
  EXPECT_EQ(told(got), "referral test., referral lame.test., lame (refused)");
  EXPECT_EQ(got.steps[2].rcode, Rcode::refused);
  EXPECT_EQ(got.end, WalkEnd::nobody);
  EXPECT_EQ(got.answer.outcome, Outcome::servfail);
}

TEST_F(WalkTest, AliasesAreFollowedAcrossZones) {
  const Walk here = walk("www.octo.test", Type::a);
  EXPECT_EQ(told(here), "referral test., referral octo.test., answer");
  EXPECT_EQ(here.answer.chain.size(), 1u);
  EXPECT_EQ(here.answer.canonical, name("mail.octo.test"));
  const Walk away = walk("out.octo.test", Type::a);
  EXPECT_EQ(told(away), "referral test., referral octo.test., alias, referral far.test., answer");
  EXPECT_EQ(away.answer.canonical, name("host.far.test"));
  const Walk round = walk("round.octo.test", Type::a);
  EXPECT_EQ(told(round), "referral test., referral octo.test., alias, referral far.test., alias");
  EXPECT_EQ(round.end, WalkEnd::alias_circle);
  EXPECT_EQ(round.answer.outcome, Outcome::servfail);
}

TEST_F(WalkTest, AHostWithoutIpv6DoesNotAskOverIt) {
  net.unroute("2001:db8::6");
  EXPECT_EQ(told(walk("six.test", Type::mx)), "referral test., referral six.test., answer");
  EXPECT_EQ(net.asked.back(), "192.0.2.6 six.test. MX");
  net.unroute("192.0.2.6");
  net.misbehave("192.0.2.6", [](const Message&) { return fail(Errc::unavailable, "no way leads there"); });
  net.misbehave("2001:db8::6", [](const Message&) { return fail(Errc::unavailable, "no way leads there"); });
  EXPECT_EQ(told(walk("six.test", Type::mx)), "referral test., referral six.test., unreachable");
}

TEST_F(WalkTest, Ipv6WhereItIsAllThereIs) {
  net.unroute("192.0.2.6");
  EXPECT_EQ(told(walk("six.test", Type::mx)), "referral test., referral six.test., answer");
  EXPECT_EQ(net.asked.back(), "2001:db8::6 six.test. MX");
}

// ---- those who lie

TEST_F(WalkTest, AnEndlessRowOfReferralsEnds) {
  // Each server of a zone refers to one label further down, to itself.
  const Name deep = name("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z");
  std::size_t labels = 0;
  net.misbehave("192.0.2.1", [&](const Message& query) {
    const std::string cut = deep.suffix(++labels).text();
    return reply_to(query, fmt::format("{0} NS ns.{0}\n", cut), fmt::format("ns.{} A 192.0.2.1\n", cut));
  });
  Walker walker(net, roots());
  const Walk got = executor.run([](Walker* w, Question q) -> net::Task<Walk> {
    co_return co_await w->walk(std::move(q), net::Deadline::in(60s));
  }(&walker, {deep, Type::mx}));
  EXPECT_EQ(got.end, WalkEnd::referrals) << told(got);
  EXPECT_EQ(got.steps.size(), WalkLimits().referrals + 1);
}

TEST_F(WalkTest, ReferralsUpwardAndRoundAreNotFollowed) {
  for (const auto* authority :
       {". NS ns.root.", "test. NS ns.test.", "octo.test. NS ns.octo.test.", "far.test. NS ns.far.test."}) {
    net.misbehave("192.0.2.3", [&](const Message& query) { return reply_to(query, authority); });
    const Walk got = walk("octo.test", Type::mx);
    EXPECT_EQ(got.steps.size(), 3u) << authority << ": " << told(got);
    EXPECT_EQ(got.steps.back().reading.said, Said::lame);
    EXPECT_EQ(got.end, WalkEnd::nobody);
  }
}

TEST_F(WalkTest, OfTwoHundredServersAFewAreTried) {
  std::string authority, additional;
  for (int i = 0; i < 200; ++i) {
    authority += fmt::format("octo.test. NS n{}.octo.test.\n", i);
    additional += fmt::format("n{}.octo.test. A 192.0.2.9\n", i);
  }
  net.misbehave("192.0.2.2", [&](const Message& query) { return reply_to(query, authority, additional); });
  const Walk got = walk("octo.test", Type::mx);
  EXPECT_EQ(got.steps.size(), 2 + WalkLimits().servers) << told(got);
  EXPECT_EQ(got.steps[1].reading.delegation.count, 200u);
  EXPECT_TRUE(got.steps[1].tcp);
}

TEST_F(WalkTest, ManyServersWithoutGlueDoNotBranchOutForEver) {
  // Whatever is asked, the answer is sixteen more names to look up (the NXNS attack).
  std::size_t made = 0;
  net.misbehave("192.0.2.2", [&](const Message& query) {
    std::string authority;
    const Name cut = query.question->name.suffix(2);
    for (int i = 0; i < 16; ++i) authority += fmt::format("{} NS ns.z{}.test.\n", cut.text(), ++made);
    return reply_to(query, authority);
  });
  const Walk got = walk("octo.test", Type::mx);
  EXPECT_EQ(got.end, WalkEnd::steps) << told(got);
  EXPECT_LE(net.asked.size(), WalkLimits().steps);
  EXPECT_LE(got.steps.size(), WalkLimits().steps + WalkLimits().depth + 1);
  EXPECT_NE(told(got).find(">>>homeless (too_deep)"), std::string::npos) << told(got);
  for (const WalkStep& step : got.steps) EXPECT_LE(step.depth, WalkLimits().depth);
}

TEST_F(WalkTest, ALongRowOfAliasesEnds) {
  std::size_t made = 0;
  net.misbehave("192.0.2.3", [&](const Message& query) {
    return reply_to(query, "", "", fmt::format("{} CNAME n{}.octo.test.\n", query.question->name.text(), ++made), true);
  });
  const Walk got = walk("octo.test", Type::mx);
  EXPECT_EQ(got.end, WalkEnd::aliases);
  EXPECT_EQ(got.answer.chain.size(), WalkLimits().aliases + 1);
}

TEST_F(WalkTest, TimeIsBounded) {
  for (const auto* ip : {"192.0.2.1"}) net.kill(ip);
  Walker walker(net, roots());
  const Walk got = walk(walker, "octo.test", Type::mx, 2s);
  EXPECT_EQ(got.end, WalkEnd::time);
  EXPECT_EQ(got.answer.outcome, Outcome::timeout);
  EXPECT_EQ(got.steps.size(), 1u);
  EXPECT_EQ(got.steps[0].took, 2s);
}

TEST_F(WalkTest, GarbageIsSaidSo) {
  net.misbehave("192.0.2.3", [](const Message&) { return fail(Errc::invalid, "a DNS message of the wrong length"); });
  const Walk got = walk("octo.test", Type::mx);
  EXPECT_EQ(told(got), "referral test., referral octo.test., garbled");
  EXPECT_EQ(got.steps.back().why, "a DNS message of the wrong length");
}

// ---- where it begins

TEST(RootServers, OfTheInternet) {
  const auto all = internet_roots();
  ASSERT_EQ(all.size(), 13u);
  EXPECT_EQ(all.front().name, name("a.root-servers.net"));
  EXPECT_EQ(all.back().name, name("m.root-servers.net"));
  std::set<std::string> addresses;
  for (const auto& server : all) {
    ASSERT_EQ(server.addresses.size(), 2u);
    EXPECT_FALSE(server.addresses[0].ipv6());
    EXPECT_TRUE(server.addresses[1].ipv6());
    for (const auto& at : server.addresses) addresses.insert(at.describe());
  }
  EXPECT_EQ(addresses.size(), 26u);
}

TEST(RootServers, OfAFile) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("chappe-hints-{}", getpid());
  std::ofstream(path) << ". 3600000 NS ns.root.\n. NS other.root.\nns.root. A 127.0.0.53\nns.root. AAAA ::1\n";
  const auto all = read_root_hints(path.string());
  ASSERT_TRUE(all) << all.error().text();
  ASSERT_EQ(all->size(), 1u) << "a server without an address is of no use";
  EXPECT_EQ(all->front().name, name("ns.root"));
  EXPECT_EQ(all->front().addresses.size(), 2u);
  std::ofstream(path) << "example. NS ns.root.\n";
  EXPECT_EQ(read_root_hints(path.string()).error().code(), Errc::config);
  std::filesystem::remove(path);
  EXPECT_EQ(read_root_hints(path.string()).error().code(), Errc::config);
}

// ---- DNSSEC

class TrustTest : public WalkTest {
 protected:
  Walk judged(std::string_view owner, Type type, std::string_view directives, bool validating = true) {
    Walk out = walk(owner, type);
    const auto resolver = zone_resolver(fmt::format(
        "$ORIGIN .\n$TTL 300\ntest. DS 1 13 2 aabb\nocto.test. DS 1 13 2 aabb\nocto.test. MX 10 mail.octo.test.\n"
        "out.octo.test. CNAME host.far.test.\nhost.far.test. A 192.0.2.26\nfar.test. NS ns.far.test.\n{}",
        directives));
    executor.run(judge_within(resolver.get(), validating, &out));
    return out;
  }
  static std::string trusts(const Walk& walk) {
    std::string out;
    for (const WalkStep& step : walk.steps) out += std::string(trust_name(step.trust)) + ' ';
    return out + std::string(trust_name(walk.trust));
  }

 private:
  static net::Task<void> judge_within(Resolver* resolver, bool validating, Walk* walk) {
    co_await judge(resolver, validating, walk, net::Deadline::in(5s));
  }
};

TEST_F(TrustTest, AChainOfSignatures) {
  EXPECT_EQ(trusts(judged("octo.test", Type::mx, "$SECURE .\n")), "secure secure secure secure");
  EXPECT_EQ(trusts(judged("octo.test", Type::mx, "$SECURE .\n", false)), "unchecked unchecked unchecked unchecked");
}

TEST_F(TrustTest, WhereItEnds) {
  // The proof that far.test. has no DS is signed; what is in it is not.
  EXPECT_EQ(trusts(judged("host.far.test", Type::a, "$SECURE .\n$INSECURE host.far.test.\n")),
            "secure proven_unsigned insecure insecure");
  EXPECT_EQ(trusts(judged("octo.test", Type::mx, "")), "insecure insecure insecure insecure");
}

TEST_F(TrustTest, AnAliasIsJudgedByItself) {
  EXPECT_EQ(trusts(judged("out.octo.test", Type::a, "$SECURE .\n$INSECURE host.far.test.\n")),
            "secure secure secure proven_unsigned insecure insecure");
}

TEST_F(TrustTest, BrokenAndUnknown) {
  const Walk bogus = judged("octo.test", Type::mx, "$SECURE .\n$BOGUS octo.test. MX\n");
  EXPECT_EQ(trusts(bogus), "secure secure bogus bogus");
  EXPECT_EQ(bogus.steps.back().trust_why, "the zone text says so");
  EXPECT_EQ(trusts(judged("octo.test", Type::mx, "$SECURE .\n$SERVFAIL octo.test. DS\n")),
            "secure unknown secure secure");
  const Walk other = judged("octo.test", Type::mx, "$SECURE .\nocto.test. MX 20 other.octo.test.\n");
  EXPECT_EQ(trusts(other), "secure secure unknown unknown");
  EXPECT_EQ(other.steps.back().trust_why, "the validating resolver was told something else");
}

}  // namespace
}  // namespace chappe::dns
