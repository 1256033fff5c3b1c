#include "dns/zone.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "dns/base32.h"
#include "dns/sign.h"
#include "dns/test_world.h"

namespace chappe::dns {
namespace {

constexpr std::string_view kZone = R"(
$ORIGIN example.
$TTL 1h
@        SOA   ns1 hostmaster 7 2h 1h 2w 5m
         NS    ns1
         MX    10 mail
ns1      A     192.0.2.1
mail     A     192.0.2.2
         AAAA  2001:db8::2
www      CNAME mail
out      CNAME elsewhere.test.
gone     CNAME nowhere
loop     CNAME loop
*.wild   TXT   "wild"
*.alias  CNAME mail
below.there.wild A 192.0.2.3
a.deep   A     192.0.2.4
old      DNAME new
x.new    A     192.0.2.5
sub      NS    ns1.sub
         NS    ns.elsewhere.test.
         DS    60485 13 2 aabb
ns1.sub  A     192.0.2.6
plain    NS    ns1.sub
)";

std::vector<Record> records(std::string_view text = kZone) {
  auto zone = parse_zone_text(text);
  EXPECT_TRUE(zone) << (zone ? "" : zone.error().text());
  return zone ? std::move(zone->records) : std::vector<Record>();
}

Zone zone_of(const std::vector<Record>& all) {
  auto zone = Zone::make(all);
  EXPECT_TRUE(zone) << (zone ? "" : zone.error().text());
  return std::move(*zone);
}

Zone signed_zone(SignOptions::Proof proof) {
  SeededRandom random(1);
  const auto key = ZoneKey::make(random);
  EXPECT_TRUE(key) << (key ? "" : key.error().text());
  SignOptions options;
  options.proof = proof;
  options.from = {1'700'000'000'000'000};
  options.until = {1'900'000'000'000'000};
  const auto all = sign_zone(records(), *key, options);
  EXPECT_TRUE(all) << (all ? "" : all.error().text());
  return zone_of(*all);
}

std::string shown(const std::vector<Record>& section) {
  std::string out;
  for (const Record& r : section)
    out += fmt::format(
        "{} {}\n", r.name.text(),
        type_name(r.type == Type::rrsig ? Rrsig::of(r.rdata).covered : r.type) + (r.type == Type::rrsig ? "+" : ""));
  return out;
}

Zone::Lookup ask(const Zone& zone, std::string_view owner, Type type, bool dnssec = false) {
  return zone.look_up({name(owner), type}, dnssec);
}

TEST(Zone, Answers) {
  const Zone zone = zone_of(records());
  const auto mx = ask(zone, "EXAMPLE", Type::mx);
  EXPECT_TRUE(mx.authoritative);
  EXPECT_EQ(shown(mx.answer), "EXAMPLE. MX\n");
  EXPECT_EQ(shown(mx.authority), "");
  EXPECT_EQ(shown(ask(zone, "mail.example", Type::any).answer), "mail.example. A\n") << "RFC 8482 §4.1";
  EXPECT_EQ(zone.serial(), 7u);
}

TEST(Zone, AliasesWithinTheZone) {
  const Zone zone = zone_of(records());
  EXPECT_EQ(shown(ask(zone, "www.example", Type::a).answer), "www.example. CNAME\nmail.example. A\n");
  EXPECT_EQ(shown(ask(zone, "www.example", Type::cname).answer), "www.example. CNAME\n");
  EXPECT_EQ(shown(ask(zone, "out.example", Type::a).answer), "out.example. CNAME\n");
  const auto gone = ask(zone, "gone.example", Type::a);
  EXPECT_EQ(gone.rcode, Rcode::nxdomain) << "RFC 6604 §3";
  EXPECT_EQ(shown(gone.authority), "example. SOA\n");
  EXPECT_EQ(shown(ask(zone, "loop.example", Type::a).answer), "loop.example. CNAME\n");
  const Zone grows = zone_of(records("$ORIGIN z.\n$TTL 1\n@ SOA n h 1 1 1 1 1\n@ NS n\nd DNAME d.d\n"));
  EXPECT_EQ(ask(grows, "x.d.z", Type::a).answer.size(), 1 + Zone::kMaxChain + 1) << "the DNAME stands there once";
}

TEST(Zone, WhatIsNotThere) {
  const Zone zone = zone_of(records());
  const auto nodata = ask(zone, "mail.example", Type::mx);
  EXPECT_EQ(nodata.rcode, Rcode::noerror);
  EXPECT_EQ(shown(nodata.authority), "example. SOA\n");
  EXPECT_EQ(nodata.authority[0].ttl, 300u) << "RFC 2308 §3";
  EXPECT_EQ(ask(zone, "deep.example", Type::a).rcode, Rcode::noerror) << "RFC 8020: an empty non-terminal";
  EXPECT_EQ(ask(zone, "x.deep.example", Type::a).rcode, Rcode::nxdomain);
}

TEST(Zone, Wildcards) {
  const Zone zone = zone_of(records());
  EXPECT_EQ(shown(ask(zone, "x.y.wild.example", Type::txt).answer), "x.y.wild.example. TXT\n");
  EXPECT_EQ(ask(zone, "x.wild.example", Type::a).rcode, Rcode::noerror);
  EXPECT_EQ(shown(ask(zone, "*.wild.example", Type::txt).answer), "*.wild.example. TXT\n");
  // RFC 4592 §2.2.1
  EXPECT_EQ(ask(zone, "x.there.wild.example", Type::txt).rcode, Rcode::nxdomain);
  EXPECT_EQ(ask(zone, "there.wild.example", Type::txt).rcode, Rcode::noerror);
  EXPECT_EQ(shown(ask(zone, "x.alias.example", Type::a).answer), "x.alias.example. CNAME\nmail.example. A\n");
}

TEST(Zone, Dname) {
  const Zone zone = zone_of(records());
  // RFC 6672 §3.1
  EXPECT_EQ(shown(ask(zone, "x.old.example", Type::a).answer),
            "old.example. DNAME\nx.old.example. CNAME\nx.new.example. A\n");
  EXPECT_EQ(shown(ask(zone, "old.example", Type::dname).answer), "old.example. DNAME\n");
  EXPECT_EQ(ask(zone, "old.example", Type::a).rcode, Rcode::noerror);
  const std::string label = std::string(60, 'x') + '.';
  EXPECT_EQ(ask(zone, label + label + label + "old.example", Type::a).rcode, Rcode::nxdomain);
  const Zone grows = zone_of(records("$TTL 1\n. SOA . . 1 1 1 1 1\n. NS n.\nd. DNAME " + label + label + "\n"));
  EXPECT_EQ(ask(grows, label + label + label + "d.", Type::a).rcode, Rcode::yxdomain);
}

TEST(Zone, Referrals) {
  const Zone zone = zone_of(records());
  const auto sub = ask(zone, "host.sub.example", Type::a);
  EXPECT_FALSE(sub.authoritative);
  EXPECT_TRUE(sub.referral);
  EXPECT_EQ(shown(sub.answer), "");
  EXPECT_EQ(shown(sub.authority), "sub.example. NS\nsub.example. NS\n");
  EXPECT_EQ(shown(sub.additional), "ns1.sub.example. A\n");
  EXPECT_TRUE(ask(zone, "sub.example", Type::ns).referral) << "not ours to answer";
  EXPECT_TRUE(ask(zone, "ns1.sub.example", Type::a).referral) << "glue is no answer";
  const auto ds = ask(zone, "sub.example", Type::ds);
  EXPECT_TRUE(ds.authoritative);
  EXPECT_EQ(shown(ds.answer), "sub.example. DS\n");
  EXPECT_EQ(shown(ask(zone, "plain.example", Type::ds).authority), "example. SOA\n");
}

TEST(Zone, ProofsByNsec) {
  const Zone zone = signed_zone(SignOptions::Proof::nsec);
  EXPECT_TRUE(zone.is_signed());
  EXPECT_EQ(shown(ask(zone, "mail.example", Type::a).answer), "mail.example. A\n") << "nobody asked for more";
  EXPECT_EQ(shown(ask(zone, "mail.example", Type::a, true).answer), "mail.example. A\nmail.example. A+\n");
  EXPECT_EQ(shown(ask(zone, "mail.example", Type::rrsig).answer),
            "mail.example. A+\nmail.example. AAAA+\nmail.example. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "mail.example", Type::mx, true).authority),
            "example. SOA\nexample. SOA+\nmail.example. NSEC\nmail.example. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "mailx.example", Type::mx, true).authority),
            "example. SOA\nexample. SOA+\nmail.example. NSEC\nmail.example. NSEC+\nexample. NSEC\nexample. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "deep.example", Type::a, true).authority),
            "example. SOA\nexample. SOA+\n*.alias.example. NSEC\n*.alias.example. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "x.wild.example", Type::txt, true).authority),
            "below.there.wild.example. NSEC\nbelow.there.wild.example. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "x.wild.example", Type::a, true).authority),
            "example. SOA\nexample. SOA+\nbelow.there.wild.example. NSEC\nbelow.there.wild.example. NSEC+\n"
            "*.wild.example. NSEC\n*.wild.example. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "x.sub.example", Type::a, true).authority),
            "sub.example. NS\nsub.example. NS\nsub.example. DS\nsub.example. DS+\n");
  EXPECT_EQ(shown(ask(zone, "x.plain.example", Type::a, true).authority),
            "plain.example. NS\nplain.example. NSEC\nplain.example. NSEC+\n");
  EXPECT_EQ(shown(ask(zone, "x.old.example", Type::a, true).answer),
            "old.example. DNAME\nold.example. DNAME+\nx.old.example. CNAME\nx.new.example. A\nx.new.example. A+\n");
}

// The owner of the NSEC3 of a name, without salt and iterations.
std::string hashed(std::string_view text) { return base32hex_encode(nsec3_hash(name(text), "", 0)) + ".example."; }

TEST(Zone, ProofsByNsec3) {
  const Zone zone = signed_zone(SignOptions::Proof::nsec3);
  const auto nsec3_of = [&](const Zone::Lookup& l) {
    std::vector<std::string> out;
    for (const Record& r : l.authority)
      if (r.type == Type::nsec3) out.push_back(to_lower(r.name.text()));
    return out;
  };
  using Owners = std::vector<std::string>;
  EXPECT_EQ(nsec3_of(ask(zone, "mail.example", Type::mx, true)), (Owners{hashed("mail.example")}));
  EXPECT_EQ(nsec3_of(ask(zone, "deep.example", Type::mx, true)), (Owners{hashed("deep.example")}));
  EXPECT_EQ(nsec3_of(ask(zone, "x.plain.example", Type::mx, true)), (Owners{hashed("plain.example")}));
  const auto gone = nsec3_of(ask(zone, "x.deep.example", Type::a, true));
  ASSERT_GE(gone.size(), 2u);
  EXPECT_EQ(gone[0], hashed("deep.example")) << "the closest encloser";
  const auto wild = nsec3_of(ask(zone, "x.wild.example", Type::a, true));
  EXPECT_TRUE(std::ranges::find(wild, hashed("wild.example")) != wild.end());
  EXPECT_TRUE(std::ranges::find(wild, hashed("*.wild.example")) != wild.end());
  EXPECT_EQ(ask(zone, hashed("mail.example"), Type::nsec3, true).rcode, Rcode::nxdomain) << "RFC 5155 §7.2.8";
}

TEST(Zone, HashOfNsec3) {
  // RFC 5155 appendix A
  EXPECT_EQ(base32hex_encode(nsec3_hash(name("example"), "\xaa\xbb\xcc\xdd", 12)), "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom");
  EXPECT_EQ(base32hex_encode(nsec3_hash(name("X.y.w.EXAMPLE"), "\xaa\xbb\xcc\xdd", 12)),
            "2vptu5timamqttgl4luu9kg21e0aor3s");
}

TEST(Zone, WhatCannotBeAZone) {
  const auto why = [](std::string_view more) {
    const auto zone = Zone::make(records("$ORIGIN z.\n$TTL 60\n" + std::string(more)));
    return zone ? "none" : zone.error().text();
  };
  const std::string top = "@ SOA n h 1 1 1 1 1\n@ NS n\n";
  EXPECT_EQ(why(top), "none");
  EXPECT_EQ(why("@ NS n\n"), "the zone has no SOA; put one at its top");
  EXPECT_EQ(why("@ SOA n h 1 1 1 1 1\n"), "z. NS: missing; name the zone's servers");
  EXPECT_EQ(why(top + "y. A 192.0.2.1\n"), "y. A: outside of the zone z.; take it out");
  EXPECT_EQ(why(top + "a CNAME b\na A 192.0.2.1\n"),
            "a.z. A: beside a CNAME, which must be alone; take one of them out");
  EXPECT_EQ(why(top + "a CNAME b\na CNAME c\n"), "a.z. CNAME: more than one; keep one");
  EXPECT_EQ(why(top + "a SOA n h 1 1 1 1 1\n"), "a.z. SOA: not at the top; take it out");
  EXPECT_EQ(why(top + "a DNAME b\nx.a A 192.0.2.1\n"), "a.z. DNAME: x.a.z. stands below it, and would never be found");
  EXPECT_EQ(why(top + "@ NSEC3PARAM 1 0 151 -\n"), "z. NSEC3PARAM: more than 150 iterations; use 0");
}

TEST(Zones, TheClosestOneAnswers) {
  Zones zones;
  ASSERT_TRUE(zones.add(zone_of(records())));
  EXPECT_FALSE(zones.add(zone_of(records())));
  ASSERT_TRUE(zones.add(zone_of(records("$ORIGIN sub.example.\n$TTL 60\n@ SOA n h 1 1 1 1 1\n@ NS n\n"))));
  EXPECT_EQ(zones.find({name("x.sub.example"), Type::a})->apex(), name("sub.example"));
  EXPECT_EQ(zones.find({name("sub.example"), Type::ns})->apex(), name("sub.example"));
  EXPECT_EQ(zones.find({name("sub.example"), Type::ds})->apex(), name("example"));
  EXPECT_EQ(zones.find({name("example"), Type::ds})->apex(), name("example"));
  EXPECT_EQ(zones.find({name("test"), Type::a}), nullptr);
}

}  // namespace
}  // namespace chappe::dns
