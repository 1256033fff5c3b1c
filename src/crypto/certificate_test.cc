#include "crypto/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chappe::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Time kStart = {1'750'000'000'000'000};

KeyAndCertificate made(std::vector<std::string> names, KeyType key = KeyType::p256) {
  auto pair = make_self_signed(
      {.names = std::move(names), .not_before = kStart, .lifetime = std::chrono::hours(48), .key = key});
  if (!pair) {
    ADD_FAILURE() << pair.error().describe();
    return {};
  }
  return std::move(*pair);
}

TEST(SelfSigned, SaysWhatItWasAskedFor) {
  const auto pair = made({"Mail.Example.org", "localhost", "127.0.0.1", "::1"});
  EXPECT_THAT(std::string(pair.key_pem.reveal()), HasSubstr("-----BEGIN PRIVATE KEY-----"));
  const auto facts = certificate_facts(pair.certificate_pem);
  ASSERT_TRUE(facts.has_value()) << facts.error().describe();
  EXPECT_THAT(facts->dns_names, ElementsAre("mail.example.org", "localhost"));
  EXPECT_THAT(facts->addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(facts->subject, "CN=Mail.Example.org");
  EXPECT_EQ(facts->issuer, facts->subject);
  EXPECT_EQ(facts->not_before, kStart);
  EXPECT_EQ(facts->not_after, kStart + std::chrono::hours(48));
  EXPECT_EQ(facts->key_type, "EC P-256");
  EXPECT_EQ(facts->sha256.size(), 64U);
  EXPECT_TRUE(facts->self_signed);
  EXPECT_EQ(facts->chain, 1U);
  EXPECT_EQ(key_matches(pair.key_pem, pair.certificate_pem), true);
}

TEST(SelfSigned, RsaWhereAskedFor) {
  const auto pair = made({"example.org"}, KeyType::rsa2048);
  EXPECT_EQ(certificate_facts(pair.certificate_pem)->key_type, "RSA 2048");
  EXPECT_EQ(key_matches(pair.key_pem, pair.certificate_pem), true);
}

TEST(SelfSigned, RefusesNamesThatAreNone) {
  EXPECT_EQ(make_self_signed({}).error().code(), Errc::invalid);
  for (const char* bad : {"", "a b", "example..org", "x(.example.org", "DNS:evil", "a,DNS:b"})
    EXPECT_EQ(make_self_signed({.names = {bad}, .not_before = kStart}).error().code(), Errc::invalid) << bad;
  EXPECT_EQ(make_self_signed({.names = {std::string("a\0b", 3)}, .not_before = kStart}).error().code(), Errc::invalid);
  EXPECT_EQ(make_self_signed({.names = std::vector<std::string>(101, "a"), .not_before = kStart}).error().code(),
            Errc::too_large);
}

TEST(SelfSigned, LongNamesFit) {
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  const auto facts = certificate_facts(made({name}).certificate_pem);
  ASSERT_TRUE(facts.has_value());
  EXPECT_TRUE(facts->covers(name));
}

// RFC 9525 §6.3
TEST(CertificateFacts, CoversNames) {
  CertificateFacts facts;
  facts.dns_names = {"mail.example.org", "*.wild.example"};
  facts.addresses = {"192.0.2.1", "2001:db8::1"};
  EXPECT_TRUE(facts.covers("MAIL.example.org"));
  EXPECT_FALSE(facts.covers("example.org"));
  EXPECT_FALSE(facts.covers("x.mail.example.org"));
  EXPECT_TRUE(facts.covers("a.wild.example"));
  EXPECT_FALSE(facts.covers("a.b.wild.example"));
  EXPECT_FALSE(facts.covers("wild.example"));
  EXPECT_FALSE(facts.covers(".wild.example"));
  EXPECT_TRUE(facts.covers("2001:DB8:0::1"));
  EXPECT_TRUE(facts.covers("192.0.2.1"));
  EXPECT_FALSE(facts.covers("192.0.2.2"));
  EXPECT_FALSE(facts.covers(""));
}

TEST(CertificateFacts, CountsTheChainAndReadsPastText) {
  const auto one = made({"a.example"});
  const auto two = made({"b.example"});
  const auto facts = certificate_facts("some text\n" + one.certificate_pem + "\n# more\n" + two.certificate_pem);
  ASSERT_TRUE(facts.has_value()) << facts.error().describe();
  EXPECT_EQ(facts->chain, 2U);
  EXPECT_THAT(facts->dns_names, ElementsAre("a.example"));
}

TEST(CertificateFacts, BrokenFilesAreErrors) {
  const auto pair = made({"a.example"});
  EXPECT_EQ(certificate_facts("").error().code(), Errc::invalid);
  EXPECT_EQ(certificate_facts("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").error().code(),
            Errc::invalid);
  EXPECT_EQ(certificate_facts(pair.certificate_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                .error()
                .code(),
            Errc::invalid);
  EXPECT_EQ(certificate_facts(std::string(kMaxCertificateText + 1, ' ')).error().code(), Errc::too_large);
  std::string many;
  for (std::size_t i = 0; i <= kMaxCertificateChain; ++i) many += pair.certificate_pem;
  EXPECT_EQ(certificate_facts(many).error().code(), Errc::too_large);
}

TEST(KeyMatches, TellsStrangersAndUnreadableKeys) {
  const auto one = made({"a.example"});
  const auto two = made({"a.example"});
  const auto rsa = made({"a.example"}, KeyType::rsa2048);
  EXPECT_EQ(key_matches(one.key_pem, two.certificate_pem), false);
  EXPECT_EQ(key_matches(rsa.key_pem, two.certificate_pem), false);
  EXPECT_EQ(key_matches(Secret("no key"), two.certificate_pem).error().code(), Errc::invalid);
  EXPECT_EQ(key_matches(one.key_pem, "no certificate").error().code(), Errc::invalid);
  // Asks nobody for a pass phrase.
  EXPECT_EQ(key_matches(Secret("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                               "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n"
                               "-----END RSA PRIVATE KEY-----\n"),
                        one.certificate_pem)
                .error()
                .code(),
            Errc::invalid);
}

}  // namespace
}  // namespace chappe::crypto
