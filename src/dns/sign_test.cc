#include "dns/sign.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dns/test_world.h"

namespace chappe::dns {
namespace {

std::vector<Record> plain() {
  return {record("z", Type::soa, "n.z. h.z. 1 2 3 4 300", 3600), record("z", Type::ns, "n.z.", 3600),
          record("n.z", Type::a, "192.0.2.1", 60), record("sub.z", Type::ns, "n.sub.z.", 3600),
          record("n.sub.z", Type::a, "192.0.2.2", 3600)};
}

ZoneKey key_of(std::uint64_t seed) {
  SeededRandom random(seed);
  auto key = ZoneKey::make(random);
  EXPECT_TRUE(key) << (key ? "" : key.error().text());
  return std::move(*key);
}

SignOptions options() {
  SignOptions out;
  out.from = {1'700'000'000'000'000};
  out.until = {1'900'000'000'000'000};
  return out;
}

std::vector<Record> with(const std::vector<Record>& all, std::string_view owner, Type type) {
  std::vector<Record> out;
  for (const Record& r : all)
    if (r.name == name(owner) && r.type == type) out.push_back(r);
  return out;
}

TEST(ZoneKey, IsMadeAndGiven) {
  const ZoneKey a = key_of(1);
  EXPECT_EQ(key_of(1).dnskey(), a.dnskey());
  EXPECT_NE(key_of(2).dnskey(), a.dnskey());
  EXPECT_EQ(Dnskey::of(a.dnskey()).flags, 257);
  EXPECT_EQ(Dnskey::of(a.dnskey()).algorithm, 13);
  EXPECT_EQ(Dnskey::of(a.dnskey()).key.size(), 64u);
  const auto again = ZoneKey::parse(a.text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->dnskey(), a.dnskey());
  // RFC 6605 §6.1
  const auto vector =
      ZoneKey::parse(crypto::Secret("Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\n"
                                    "PrivateKey: GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=\n"));
  ASSERT_TRUE(vector);
  EXPECT_EQ(rdata_to_text(Type::dnskey, vector->dnskey()),
            "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==");
  EXPECT_EQ(key_tag(vector->dnskey()), 55648);
  EXPECT_EQ(rdata_to_text(Type::ds, ds_of(name("example.net"), vector->dnskey()).rdata),
            "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17");
}

TEST(ZoneKey, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"", "nonsense", "Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA\n",
        "Private-key-format: v1.2\nAlgorithm: 15 (ED25519)\nPrivateKey: "
        "ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n"})
    EXPECT_FALSE(ZoneKey::parse(crypto::Secret(bad))) << bad;
}

TEST(Sign, WithNsec) {
  const ZoneKey key = key_of(1);
  const auto all = sign_zone(plain(), key, options());
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(with(*all, "z", Type::dnskey).size(), 1u);
  EXPECT_EQ(with(*all, "z", Type::rrsig).size(), 4u) << "of SOA, NS, DNSKEY and NSEC";
  EXPECT_EQ(with(*all, "sub.z", Type::rrsig).size(), 1u) << "of the NSEC; a delegation's NS is not signed";
  EXPECT_TRUE(with(*all, "n.sub.z", Type::rrsig).empty()) << "nor is glue";
  EXPECT_TRUE(with(*all, "n.sub.z", Type::nsec).empty());
  const auto signature = with(*all, "n.z", Type::rrsig).front();
  const Rrsig about = Rrsig::of(signature.rdata);
  EXPECT_EQ(about.key_tag, key_tag(key.dnskey()));
  EXPECT_EQ(about.signer, name("z"));
  EXPECT_EQ(about.inception, 1'700'000'000u);
  EXPECT_EQ(about.expiration, 1'900'000'000u);
  EXPECT_EQ(about.original_ttl, signature.ttl);
  EXPECT_EQ(with(*all, "z", Type::nsec).front().ttl, 300u) << "RFC 9077 §3";
}

TEST(Sign, WithNsec3) {
  SignOptions how = options();
  how.proof = SignOptions::Proof::nsec3;
  how.salt = "\xaa\xbb";
  how.iterations = 3;
  const auto all = sign_zone(plain(), key_of(1), how);
  ASSERT_TRUE(all) << all.error().text();
  const auto param = with(*all, "z", Type::nsec3param);
  ASSERT_EQ(param.size(), 1u);
  EXPECT_EQ(rdata_to_text(Type::nsec3param, param[0].rdata), "1 0 3 aabb");
  EXPECT_EQ(std::ranges::count(*all, Type::nsec3, &Record::type), 3) << "z, n.z and sub.z";
  EXPECT_EQ(std::ranges::count(*all, Type::nsec, &Record::type), 0);
}

TEST(Sign, Refuses) {
  EXPECT_FALSE(sign_zone({}, key_of(1), options()));
  const auto once = sign_zone(plain(), key_of(1), options());
  EXPECT_FALSE(sign_zone(*once, key_of(1), options())) << "signed already";
}

}  // namespace
}  // namespace chappe::dns
