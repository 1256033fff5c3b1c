#include "dns/reading.h"

#include <gtest/gtest.h>

#include <chrono>

#include "dns/test_internet.h"

namespace chappe::dns {
namespace {

Message asked(std::string_view owner, Type type = Type::mx) { return make_query({name(owner), type}, 1, false, true); }

Reading read(const Message& reply, std::string_view zone) { return read_reply(reply, *reply.question, name(zone)); }

constexpr std::string_view kSoa = "octo.test. SOA ns h 1 2 3 4 60\n";

TEST(Reading, AReferralHasItsServersWithTheirGlue) {
  const auto said = read(reply_to(asked("octo.test"),
                                  "octo.test. 600 NS a.octo.test.\nocto.test. 600 NS b.elsewhere.test.\n"
                                  "octo.test. 300 NS c.other.\nocto.test. DS 1 13 2 aabb\n",
                                  "a.octo.test. A 192.0.2.1\na.octo.test. AAAA 2001:db8::1\nb.elsewhere.test. A "
                                  "192.0.2.2\nc.other. A 192.0.2.3\nnobody.octo.test. A 192.0.2.4\n"),
                         "test");
  ASSERT_EQ(said.said, Said::referral);
  const Delegation& d = said.delegation;
  EXPECT_EQ(d.zone, name("octo.test"));
  EXPECT_EQ(d.count, 3u);
  EXPECT_TRUE(d.signed_below);
  EXPECT_EQ(d.ttl, 300u);
  ASSERT_EQ(d.servers.size(), 3u);
  ASSERT_EQ(d.servers[0].addresses.size(), 2u);
  EXPECT_EQ(d.servers[0].addresses[0].describe(), "192.0.2.1:53");
  EXPECT_EQ(d.servers[0].addresses[1].describe(), "[2001:db8::1]:53");
  EXPECT_EQ(d.servers[1].addresses.size(), 1u);
  // RFC 5452 §6: a server of test. says nothing about other.
  EXPECT_TRUE(d.servers[2].addresses.empty());
}

TEST(Reading, AnswersHoldWithAuthorityOnly) {
  const auto mx = "octo.test. 77 MX 10 mail.octo.test.\n";
  const auto with = read(reply_to(asked("octo.test"), "", "", mx, true), "octo.test");
  EXPECT_EQ(with.said, Said::answer);
  EXPECT_EQ(with.answer.records.rdata.size(), 1u);
  EXPECT_EQ(with.answer.ttl, 77u);
  const auto without = read(reply_to(asked("octo.test"), "", "", mx, false), "octo.test");
  EXPECT_EQ(without.said, Said::lame);
  EXPECT_EQ(without.flaw, Flaw::not_authoritative);
  EXPECT_TRUE(without.answer.records.empty());
}

TEST(Reading, WhatIsNotThere) {
  auto reply = reply_to(asked("octo.test"), kSoa, "", "", true);
  EXPECT_EQ(read(reply, "octo.test").said, Said::nodata);
  EXPECT_EQ(read(reply, "octo.test").answer.ttl, 60u);
  reply.header.rcode = Rcode::nxdomain;
  EXPECT_EQ(read(reply, "octo.test").said, Said::nxdomain);
  reply.header.authoritative = false;
  EXPECT_EQ(read(reply, "octo.test").said, Said::lame);
  // RFC 2308 §2.2, type 2 and 3: the SOA may be missing.
  EXPECT_EQ(read(reply_to(asked("octo.test"), "octo.test. NS ns.octo.test.", "", "", true), "octo.test").said,
            Said::nodata);
  EXPECT_EQ(read(reply_to(asked("octo.test"), "", "", "", true), "octo.test").said, Said::nodata);
}

TEST(Reading, TheLameAreToldApart) {
  struct Row {
    std::string_view authority;
    Flaw flaw;
  };
  const Row rows[] = {
      {". NS a.root.", Flaw::upward},
      {"test. NS a.root.", Flaw::upward},
      {"octo.test. NS ns.octo.test.", Flaw::itself},
      {"other.test. NS ns.octo.test.", Flaw::sideways},
      {"b.octo.test. NS ns.octo.test.", Flaw::sideways},
      {"", Flaw::not_authoritative},
  };
  for (const Row& row : rows) {
    const auto said = read(reply_to(asked("a.octo.test"), row.authority), "octo.test");
    EXPECT_EQ(said.said, Said::lame) << row.authority;
    EXPECT_EQ(flaw_name(said.flaw), flaw_name(row.flaw)) << row.authority;
  }
  for (const Rcode rcode : {Rcode::refused, Rcode::notauth, Rcode::servfail, Rcode::formerr, Rcode::notimp}) {
    auto reply = reply_to(asked("octo.test"), kSoa, "", "octo.test. MX 1 a.", true);
    reply.header.rcode = rcode;
    const bool lame = rcode == Rcode::refused || rcode == Rcode::notauth;
    EXPECT_EQ(read(reply, "octo.test").said, lame ? Said::lame : Said::failed) << rcode_name(rcode);
  }
}

TEST(Reading, AliasesLeadOn) {
  const auto away = read(reply_to(asked("www.octo.test", Type::a), "", "",
                                  "www.octo.test. CNAME x.far.test.\nx.far.test. A 192.0.2.9\n", true),
                         "octo.test");
  EXPECT_EQ(away.said, Said::alias);
  EXPECT_EQ(away.answer.canonical, name("x.far.test"));
  EXPECT_TRUE(away.answer.records.empty()) << "a server of octo.test. was believed about far.test.";
  const auto here = read(reply_to(asked("www.octo.test", Type::a), "", "",
                                  "www.octo.test. CNAME x.octo.test.\nx.octo.test. A 192.0.2.9\n", true),
                         "octo.test");
  EXPECT_EQ(here.said, Said::answer);
  EXPECT_EQ(here.answer.chain.size(), 1u);
  const auto below = read(reply_to(asked("www.octo.test", Type::a), "sub.octo.test. NS a.", "",
                                   "www.octo.test. CNAME x.sub.octo.test.\n", true),
                          "octo.test");
  EXPECT_EQ(below.said, Said::alias);
  auto gone = reply_to(asked("www.octo.test", Type::a), kSoa, "", "www.octo.test. CNAME x.octo.test.\n", true);
  EXPECT_EQ(read(gone, "octo.test").said, Said::nodata);
  gone.header.rcode = Rcode::nxdomain;
  EXPECT_EQ(read(gone, "octo.test").said, Said::nxdomain);
  EXPECT_EQ(read(gone, "octo.test").answer.canonical, name("x.octo.test"));
  const auto circle = read(reply_to(asked("a.octo.test", Type::a), "", "",
                                    "a.octo.test. CNAME b.octo.test.\nb.octo.test. CNAME a.octo.test.\n", true),
                           "octo.test");
  EXPECT_EQ(circle.said, Said::garbled);
  EXPECT_EQ(circle.flaw, Flaw::circle);
}

TEST(Reading, OfManyServersSomeAreKept) {
  std::string authority, additional;
  for (int i = 0; i < 200; ++i) {
    authority += fmt::format("octo.test. NS n{}.octo.test.\n", i);
    for (int j = 0; j < 10; ++j) additional += fmt::format("n{}.octo.test. A 10.0.{}.{}\n", i, i, j);
  }
  const auto said = read(reply_to(asked("octo.test"), authority, additional), "test");
  EXPECT_EQ(said.delegation.count, 200u);
  EXPECT_EQ(said.delegation.servers.size(), kMaxServers);
  for (const NamedServer& server : said.delegation.servers) EXPECT_EQ(server.addresses.size(), kMaxServerAddresses);
}

// A message of 64 KB that is one chain of aliases must not cost the square of its length.
TEST(Reading, ALongChainOfAliasesCostsWhatItIsLong) {
  Message reply = asked("n0.octo.test", Type::a);
  reply.header.response = reply.header.authoritative = true;
  for (int i = 0; i < 4'000; ++i)
    reply.answer.push_back(record(fmt::format("n{}.octo.test", i), Type::cname, fmt::format("n{}.octo.test.", i + 1)));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(read(reply, "octo.test").said, Said::alias);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST(Reading, TheNamesOfWhatIsSaid) {
  EXPECT_EQ(said_name(Said::answer), "answer");
  EXPECT_EQ(said_name(Said::homeless), "homeless");
  EXPECT_EQ(flaw_name(Flaw::upward), "upward");
  EXPECT_EQ(flaw_name(Flaw::no_address), "no_address");
}

}  // namespace
}  // namespace chappe::dns
