#include "post/keys/to_publish.h"

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

Publication publication(std::string_view zone, std::vector<DkimKey> keys, std::string domain = "example.org") {
  const auto resolver = dns::ZoneResolver::from_text(zone).value();
  return net::run([](dns::Resolver* r, std::string d, std::vector<DkimKey> k) -> net::Task<Publication> {
    co_return co_await to_publish(*r, std::move(d), std::move(k), net::Deadline::in(std::chrono::seconds(5)));
  }(resolver.get(), std::move(domain), std::move(keys)));
}

std::vector<std::string> lines(const Publication& p) {
  std::vector<std::string> out;
  for (const ToPublish& r : p.records)
    out.push_back(std::string(purpose_name(r.what)) + " " + r.name.domain() + " " + std::string(published_name(r.now)));
  return out;
}

TEST(ToPublish, WhereThereIsNothingRecordsAreProposed) {
  const auto p = publication(
      "example.org. SOA ns.example.net. h.example.net. 1 1 1 1 1\nexample.org. NS ns.example.net.\n", {key("s1")});
  EXPECT_EQ(p.zone.domain(), "example.org");
  EXPECT_THAT(p.servers, ElementsAre("ns.example.net"));
  EXPECT_THAT(lines(p), ElementsAre("spf example.org absent", "dkim s1._domainkey.example.org absent",
                                    "dmarc _dmarc.example.org absent"));
  EXPECT_EQ(p.records[0].text, "v=spf1 mx ~all");
  EXPECT_EQ(p.records[1].text, key("s1").record());
  EXPECT_EQ(p.records[2].text, "v=DMARC1; p=none; rua=mailto:postmaster@example.org");
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
  EXPECT_EQ(p.records[0].text, "v=spf1 ip4:192.0.2.1 -all");
  EXPECT_THAT(p.records[3].there, ElementsAre(key("s1").record()));
  EXPECT_EQ(p.records[6].text, "v=DMARC1; p=reject");
}

TEST(ToPublish, ASubdomainIsInTheZoneAbove) {
  const auto p = publication("example.org. SOA ns.example.net. h.example.net. 1 1 1 1 1\n", {}, "a.b.example.org");
  EXPECT_EQ(p.zone.domain(), "example.org");
  EXPECT_THAT(p.servers, IsEmpty());
}

TEST(ToPublish, WhatTheDnsDoesNotSayIsUnknown) {
  const auto p = publication("$SERVFAIL example.org.\n$SERVFAIL *.example.org.\n", {key("s1")});
  EXPECT_TRUE(p.zone.is_root());
  EXPECT_THAT(lines(p), ElementsAre("spf example.org unknown", "dkim s1._domainkey.example.org unknown",
                                    "dmarc _dmarc.example.org unknown"));
}

TEST(ToPublish, SeveralRecordsAreToldAndNoneIsChosen) {
  const auto p = publication("example.org. TXT \"v=spf1 -all\"\nexample.org. TXT \"v=spf1 mx -all\"\n", {});
  EXPECT_EQ(p.records[0].now, ToPublish::Now::other);
  EXPECT_EQ(p.records[0].there.size(), 2u);
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
