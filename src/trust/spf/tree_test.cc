#include "trust/spf/tree.h"

#include <gtest/gtest.h>

#include "trust/spf/test_zone.h"

namespace chappe::trust::spf {
namespace {

using Strings = std::vector<std::string>;

net::Task<Tree> grow(dns::Resolver* resolver, std::string domain) {
  co_return co_await tree(*resolver, std::move(domain), net::Deadline::in(std::chrono::hours(1)));
}

class SpfTree : public ::testing::Test {
 protected:
  void spf(std::string_view domain, std::string_view record) { zone.txt(domain, {std::string(record)}); }
  Tree of(std::string_view domain = "octo.example") { return net::run(grow(&zone, std::string(domain))); }
  static Strings ranges(const IpRanges& set) {
    Strings out;
    for (const IpRange& r : set.list())
      out.push_back(r.first == r.last ? r.first.text() : r.first.text() + '-' + r.last.text());
    return out;
  }

  TestZone zone;
};

TEST_F(SpfTree, CostsAndAddresses) {
  spf("octo.example", "v=spf1 ip4:203.0.113.0/25 a:www.octo.example mx include:out.example -all");
  zone.address("www.octo.example", "203.0.113.200");
  zone.mx("octo.example", 10, "m.octo.example");
  zone.address("m.octo.example", "203.0.113.127");
  zone.address("m.octo.example", "2001:db8::25");
  spf("out.example", "v=spf1 ip4:198.51.100.0/24 include:deep.example ~all");
  spf("deep.example", "v=spf1 ip6:2001:db8:1::/48 exists:%{i}.x.example ?all");
  const Tree t = of();
  EXPECT_EQ(t.root.state, NodeState::good);
  EXPECT_EQ(t.root.own_lookups, 3u);
  EXPECT_EQ(t.root.lookups, 5u);
  ASSERT_EQ(t.root.branches.size(), 5u);
  const Branch& a = t.root.branches[1];
  EXPECT_FALSE(a.void4);
  EXPECT_TRUE(a.void6);
  EXPECT_EQ(a.lookups, 1u);
  const Branch& include = t.root.branches[3];
  EXPECT_EQ(include.lookups, 3u);
  EXPECT_EQ(include.target, "out.example");
  ASSERT_EQ(include.inside.size(), 1u);
  EXPECT_EQ(include.inside[0].own_lookups, 1u);
  EXPECT_EQ(include.inside[0].lookups, 2u);
  const Node& deep = include.inside[0].branches[1].inside.at(0);
  EXPECT_TRUE(deep.branches[1].varies);
  EXPECT_TRUE(deep.open && t.root.open);
  EXPECT_EQ(ranges(t.root.authorised.v4),
            (Strings{"198.51.100.0-198.51.100.255", "203.0.113.0-203.0.113.127", "203.0.113.200"}));
  EXPECT_EQ(ranges(t.root.authorised.v6),
            (Strings{"2001:db8::25", "2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff"}));
  EXPECT_EQ(t.root.authorised.v4.size(), 256 + 128 + 1);
  EXPECT_EQ(t.root.voids4, 0u);
  EXPECT_EQ(t.root.voids6, 1u);
  EXPECT_FALSE(t.cut);
}

// Who is authorised is who comes to pass, and the first term that matches decides.
TEST_F(SpfTree, TheFirstTermThatMatchesDecides) {
  spf("octo.example", "v=spf1 -ip4:192.0.2.0/30 ip4:192.0.2.0/29 ?ip4:192.0.2.8 ip4:192.0.2.8/31 redirect=r.example");
  spf("r.example", "v=spf1 ip4:192.0.2.0/24 -all");
  EXPECT_EQ(ranges(of().root.authorised.v4), (Strings{"192.0.2.4-192.0.2.7", "192.0.2.9-192.0.2.255"}));
  spf("all.example", "v=spf1 -ip4:192.0.2.0/24 +all ip4:192.0.2.1");
  const Tree all = of("all.example");
  EXPECT_EQ(ranges(all.root.authorised.v4), (Strings{"0.0.0.0-192.0.1.255", "192.0.3.0-255.255.255.255"}));
  EXPECT_EQ(all.root.branches.size(), 2u);  // nothing is behind all
  spf("not.example", "v=spf1 ~include:r.example -all");
  EXPECT_TRUE(of("not.example").root.authorised.v4.empty());
}

TEST_F(SpfTree, WhatALookAtDoesNotFind) {
  zone.trouble("dead.example", dns::Outcome::timeout);
  zone.exists("empty.example");
  spf("two.example", "v=spf1 -all");
  spf("two.example", "v=spf1 +all");
  spf("wrong.example", "v=spf1 moo");
  spf("octo.example",
      "v=spf1 include:dead.example include:empty.example include:gone.example include:two.example "
      "include:wrong.example "
      "include:a..b.example include:octo.example include:%{o}.example -all");
  const Tree t = of();
  std::vector<NodeState> states;
  for (const Branch& b : t.root.branches)
    if (!b.inside.empty()) states.push_back(b.inside[0].state);
  EXPECT_EQ(states, (std::vector<NodeState>{NodeState::failed, NodeState::no_record, NodeState::no_domain,
                                            NodeState::several_records, NodeState::bad_syntax, NodeState::bad_domain,
                                            NodeState::circle}));
  EXPECT_TRUE(t.root.branches[0].failed);
  EXPECT_TRUE(t.root.branches[7].varies);
  EXPECT_EQ(t.root.own_lookups, 8u);
  EXPECT_EQ(t.root.voids4, 2u);
  EXPECT_EQ(of("museum").root.state, NodeState::bad_domain);
}

// RFC 7208 §4.6.4: a check goes round until the eleventh term asks.
TEST_F(SpfTree, ACircleCostsWhatACheckDoes) {
  spf("octo.example", "v=spf1 include:out.example mx -all");
  spf("out.example", "v=spf1 a include:octo.example -all");
  zone.exists("out.example");
  const Tree t = of();
  EXPECT_EQ(t.root.lookups, 11u);
  EXPECT_EQ(t.root.branches[0].lookups, 10u);
  EXPECT_EQ(t.root.branches[0].inside[0].branches[1].lookups, 8u);
  EXPECT_EQ(t.root.branches[1].lookups, 1u);
  // To oneself.
  spf("self.example", "v=spf1 redirect=self.example");
  EXPECT_EQ(of("self.example").root.lookups, 11u);
}

TEST_F(SpfTree, AQuestionIsAskedOnce) {
  spf("octo.example", "v=spf1 include:out.example include:out.example a:x.out.example -all");
  spf("out.example", "v=spf1 a:x.out.example -all");
  zone.address("x.out.example", "192.0.2.1");
  const Tree t = of();
  EXPECT_EQ(t.root.lookups, 5u);
  EXPECT_EQ(zone.asked, (Strings{"octo.example. TXT", "out.example. TXT", "x.out.example. A", "x.out.example. AAAA",
                                 "octo.example. SPF"}));
}

TEST_F(SpfTree, IsCutAtItsLimits) {
  // Each domain includes the next two twice: without limits, 2^40 nodes.
  for (int i = 0; i < 40; ++i)
    spf(fmt::format("d{}.example", i), fmt::format("v=spf1 include:d{0}.example include:d{0}.example -all", i + 1));
  const Tree wide = of("d0.example");
  EXPECT_TRUE(wide.cut);
  const std::function<std::size_t(const Node&)> count = [&](const Node& node) {
    std::size_t out = node.state == NodeState::good;
    for (const Branch& b : node.branches)
      for (const Node& inside : b.inside) out += count(inside);
    return out;
  };
  EXPECT_LE(count(wide.root), kMaxTreeNodes);
  std::string many = "v=spf1";
  for (int i = 0; i < 2000; ++i) many += fmt::format(" a:h{}.example", i);
  spf("many.example", many);
  zone.asked.clear();
  const Tree terms = of("many.example");
  EXPECT_TRUE(terms.cut);
  EXPECT_LE(terms.root.branches.size(), kMaxTreeTerms);
  EXPECT_LE(zone.asked.size(), kMaxTreeQuestions);
}

}  // namespace
}  // namespace chappe::trust::spf
