#include "post/keys/to_publish.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/zone_resolver.h"

namespace chappe::post {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

DkimKey key(std::string selector, KeyState state = KeyState::signing, char octet = 'k') {
  return {.domain = {1},
          .selector = std::move(selector),
          .kind = crypto::KeyKind::ed25519,
          .bits = 256,
          .state = state,
          .created = {},
          .since = {},
          .public_octets = Bytes(32, octet)};
}

using Records = std::vector<ToPublish>;

Records publication(std::string_view zone, std::vector<DkimKey> keys, std::string domain = "example.org") {
  const auto resolver = dns::ZoneResolver::from_text(zone).value();
  return net::run([](dns::Resolver* r, std::string d, std::vector<DkimKey> k) -> net::Task<Records> {
    co_return co_await to_publish(*r, std::move(d), std::move(k), net::Deadline::in(std::chrono::seconds(5)));
  }(resolver.get(), std::move(domain), std::move(keys)));
}

std::vector<std::string> lines(const Records& records) {
  std::vector<std::string> out;
  for (const ToPublish& r : records)
    out.push_back(std::string(purpose_name(r.what)) + " " + r.name.domain() + " " + std::string(published_name(r.now)));
  return out;
}

TEST(ToPublish, WhereThereIsNothingRecordsAreProposed) {
  const auto p = publication(
      "example.org. SOA ns.example.net. h.example.net. 1 1 1 1 1\nexample.org. NS ns.example.net.\n", {key("s1")});
  for (const ToPublish& r : p) {
    EXPECT_EQ(r.zone.name.domain(), "example.org");
    EXPECT_THAT(r.zone.servers, ElementsAre("ns.example.net"));
  }
  EXPECT_THAT(lines(p), ElementsAre("spf example.org absent", "dkim s1._domainkey.example.org absent",
                                    "dmarc _dmarc.example.org absent"));
  EXPECT_EQ(p[0].text, "v=spf1 mx ~all");
  EXPECT_EQ(p[1].text, key("s1").record());
  EXPECT_EQ(p[2].text, "v=DMARC1; p=none; rua=mailto:postmaster@example.org");
}

TEST(ToPublish, WhatTheDomainSaysItselfStays) {
  const std::string zone =
      "$ORIGIN example.org.\n@ TXT \"v=spf1 ip4:192.0.2.1 -all\"\n@ TXT \"something else\"\n"
      "_dmarc TXT \"v=DMARC1; p=reject\"\n"
      "s1._domainkey TXT \"" +
      key("s1").record() +
      "\"\n"
      "spaced._domainkey TXT \"k=ed25519 ; \" \"" +
      key("s1").record().substr(20) +
      "\"\n"
      "old._domainkey TXT \"" +
      key("s1").record() +
      "\"\n"
      "gone._domainkey TXT \"v=DKIM1; k=ed25519; p=\"\n";
  const auto p = publication(zone, {key("s1"), key("spaced"), key("old", KeyState::signing, 'x'),
                                    key("gone", KeyState::revoked), key("still", KeyState::revoked)});
  EXPECT_THAT(lines(p), ElementsAre("spf example.org same", "dkim s1._domainkey.example.org same",
                                    "dkim spaced._domainkey.example.org same", "dkim old._domainkey.example.org other",
                                    "dkim gone._domainkey.example.org same", "dkim still._domainkey.example.org absent",
                                    "dmarc _dmarc.example.org same"));
  EXPECT_EQ(p[0].text, "v=spf1 ip4:192.0.2.1 -all");
  EXPECT_THAT(p[3].there, ElementsAre(key("s1").record()));
  EXPECT_EQ(p[6].text, "v=DMARC1; p=reject");
}

TEST(ToPublish, ASubdomainIsInTheZoneAbove) {
  const auto p = publication("example.org. SOA ns.example.net. h.example.net. 1 1 1 1 1\n", {}, "a.b.example.org");
  EXPECT_EQ(p.at(0).zone.name.domain(), "example.org");
  EXPECT_THAT(p.at(0).zone.servers, IsEmpty());
}

TEST(ToPublish, EachRecordIsInTheZoneOfItsName) {
  const auto p = publication(
      "example.org. SOA ns.example.net. h.example.net. 1 1 1 1 1\nexample.org. NS ns.example.net.\n"
      "_domainkey.example.org. SOA ns.keys.example. h.example.net. 1 1 1 1 1\n_domainkey.example.org. NS "
      "ns.keys.example.\n"
      "s2._domainkey.example.org. SOA ns.two.example. h.example.net. 1 1 1 1 1\ns2._domainkey.example.org. NS "
      "ns.two.example.\n$SERVFAIL _dmarc.example.org.\n",
      {key("s1"), key("s2")});
  std::vector<std::string> zones;
  for (const ToPublish& r : p)
    zones.push_back(r.zone.name.text() + (r.zone.servers.empty() ? "" : " " + r.zone.servers.front()));
  EXPECT_THAT(zones, ElementsAre("example.org. ns.example.net", "_domainkey.example.org. ns.keys.example",
                                 "s2._domainkey.example.org. ns.two.example", "."));
}

TEST(ToPublish, WhatTheDnsDoesNotSayIsUnknown) {
  const auto p = publication("$SERVFAIL example.org.\n$SERVFAIL *.example.org.\n", {key("s1")});
  EXPECT_THAT(lines(p), ElementsAre("spf example.org unknown", "dkim s1._domainkey.example.org unknown",
                                    "dmarc _dmarc.example.org unknown"));
  for (const ToPublish& r : p) {
    EXPECT_TRUE(r.zone.name.is_root());
    EXPECT_EQ(r.text, "") << "beside what stands there unseen it might do harm";
  }
}

TEST(ToPublish, SeveralRecordsAreToldAndNoneIsChosen) {
  const auto p = publication("example.org. TXT \"v=spf1 -all\"\nexample.org. TXT \"v=spf1 mx -all\"\n", {});
  EXPECT_EQ(p[0].now, ToPublish::Now::several);
  EXPECT_THAT(p[0].there, ElementsAre("v=spf1 -all", "v=spf1 mx -all"));
  EXPECT_EQ(p[0].text, "");
  const auto dmarc =
      publication("_dmarc.example.org. TXT \"v=DMARC1; p=none\"\n_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n", {});
  EXPECT_EQ(dmarc[1].now, ToPublish::Now::several);
  EXPECT_EQ(dmarc[1].there.size(), 2u);
  EXPECT_EQ(dmarc[1].text, "");
}

TEST(ToPublish, WhatIsWrongIsToldAndNothingIsPutBesideIt) {
  const auto at = [](std::string_view name, std::string_view text, std::size_t which) {
    return publication(fmt::format("{} TXT \"{}\"\n", name, text), {}).at(which);
  };
  for (const char* text : {"v=spf1 ip4:192.0.2.300 -all", "v=spf1 +all", "v=spf1; mx -all"}) {
    const auto spf = at("example.org.", text, 0);
    EXPECT_EQ(spf.now, ToPublish::Now::wrong) << text;
    EXPECT_FALSE(spf.spf.empty()) << text;
    EXPECT_EQ(spf.text, "") << text;
  }
  for (const char* text :
       {"v=DMARC1\\; p=foo", "v=DMARC1\\; p=foo\\; rua=mailto:a@example.org", "v=dmarc1\\; p=none"}) {
    const auto dmarc = at("_dmarc.example.org.", text, 1);
    EXPECT_EQ(dmarc.now, ToPublish::Now::wrong) << text;
    EXPECT_FALSE(dmarc.dmarc.empty()) << text;
    EXPECT_EQ(dmarc.there.size(), 1u) << text;
    EXPECT_EQ(dmarc.text, "") << text;
  }
  // Advice is told, too, and makes nothing wrong.
  const auto blind = at("_dmarc.example.org.", "v=DMARC1\\; p=none", 1);
  EXPECT_EQ(blind.now, ToPublish::Now::same);
  EXPECT_FALSE(blind.dmarc.empty());
  EXPECT_EQ(at("_dmarc.example.org.", "something else", 1).now, ToPublish::Now::absent);
  // What an SPF record leads to counts: this one is a permerror (RFC 7208 §5.2).
  const auto led = at("example.org.", "v=spf1 include:example.net -all", 0);
  EXPECT_EQ(led.now, ToPublish::Now::wrong);
}

TEST(ToPublish, LongTextsAreSeveralStrings) {
  ToPublish r{
      .what = ToPublish::For::dkim, .name = dns::Name::parse("s._domainkey.example.org").value(), .text = "short"};
  EXPECT_EQ(zone_line(r), "s._domainkey.example.org. 3600 IN TXT \"short\"\n");
  r.text = std::string(400, 'p');
  const auto zone = dns::ZoneResolver::from_text(zone_line(r));
  ASSERT_TRUE(zone) << zone.error().text();
  const auto answer = net::run([](dns::Resolver* resolver, dns::Name name) -> net::Task<dns::Answer> {
    co_return co_await resolver->ask({std::move(name), dns::Type::txt}, net::Deadline::in(std::chrono::seconds(5)));
  }(zone->get(), r.name));
  EXPECT_EQ(dns::Txt::joined(answer.records.rdata.at(0)), r.text);
  EXPECT_EQ(answer.records.as<dns::Txt>().at(0).strings.size(), 2u);
}

}  // namespace
}  // namespace chappe::post
