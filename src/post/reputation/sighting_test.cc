#include "post/reputation/sighting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/test_world.h"

namespace chappe::post {
namespace {

namespace dkim = trust::dkim;
namespace dmarc = trust::dmarc;
namespace spf = trust::spf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// "author+ bank.example", "dkim- x.example" …: + pass, - fail, ? temperror, = none.
std::vector<std::string> names(const Sighting& sighting) {
  std::vector<std::string> out;
  for (const Named& n : sighting.names) {
    const char proof = n.proof == Proof::pass        ? '+'
                       : n.proof == Proof::fail      ? '-'
                       : n.proof == Proof::temperror ? '?'
                                                     : '=';
    out.push_back(std::string(identity_kind_name(n.identity.kind)) + proof + " " + n.identity.name);
  }
  return out;
}

class SightingTest : public ::testing::Test {
 protected:
  SightingTest() { j_.envelope.ip = "192.0.2.7"; }

  void spf_of(std::string domain, spf::ResultCode result) {
    j_.spf.emplace();
    j_.spf->domain = std::move(domain);
    j_.spf->result = result;
  }
  dkim::SignatureVerdict& signature_of(std::string domain, dkim::Reason reason = dkim::Reason::verified) {
    dkim::SignatureVerdict& v = j_.dkim.signatures.emplace_back();
    v.signature.domain = std::move(domain);
    v.reason = reason;
    return v;
  }
  void author_of(std::string author, dmarc::Outcome result, std::string organization) {
    dmarc::Verdict& v = j_.dmarc.emplace_back();
    v.author = std::move(author);
    v.result = result;
    v.organization = std::move(organization);
  }
  std::vector<std::string> seen(std::string_view zone = "example. TXT nothing\n") {
    const auto resolver = dns::zone_resolver(zone);
    return names(net::run(sight(resolver.get(), &j_, {system_clock().steady() + std::chrono::seconds(30)})));
  }

  trust::Judgement j_;
};

TEST_F(SightingTest, ProvenNamesAnswerForTheLetter) {
  spf_of("Bounce.Shop.Example", spf::ResultCode::pass);
  signature_of("SHOP.example");
  author_of("news.shop.example", dmarc::Outcome::pass, "shop.example");
  EXPECT_THAT(seen(), ElementsAre("network+ 192.0.2.0/24", "mail-from+ bounce.shop.example", "dkim+ shop.example",
                                  "author+ shop.example"));
}

TEST_F(SightingTest, NamesThatAreOnlyBorneDoNot) {
  spf_of("bank.example", spf::ResultCode::softfail);
  signature_of("bank.example", dkim::Reason::signature_differs);
  signature_of("evil.example");
  author_of("bank.example", dmarc::Outcome::fail, "bank.example");
  EXPECT_THAT(seen(), ElementsAre("network- 192.0.2.0/24", "dkim+ evil.example", "mail-from- bank.example",
                                  "dkim- bank.example", "author- bank.example"));
}

TEST_F(SightingTest, ASecondFromAboveASignedLetterSpoilsNotTheSigner) {
  spf_of("evil.example", spf::ResultCode::pass);
  signature_of("good.example");
  EXPECT_THAT(seen(), ElementsAre("network= 192.0.2.0/24", "mail-from+ evil.example"));
}

TEST_F(SightingTest, OfSeveralSignaturesOfADomainTheBestCounts) {
  signature_of("a.example", dkim::Reason::signature_differs);
  signature_of("a.example");
  signature_of("a.example", dkim::Reason::key_unavailable);
  author_of("a.example", dmarc::Outcome::pass, "a.example");
  EXPECT_THAT(seen(), ElementsAre("network+ 192.0.2.0/24", "dkim+ a.example", "author+ a.example"));
}

TEST_F(SightingTest, ADomainThatOnlyTestsIsNotCounted) {
  dkim::SignatureVerdict& v = signature_of("tests.example");
  v.keys.emplace_back().key.emplace().testing = true;
  v.key = 0;
  author_of("other.example", dmarc::Outcome::none, "other.example");
  EXPECT_THAT(seen(), ElementsAre("network= 192.0.2.0/24", "author= other.example"));
}

TEST_F(SightingTest, WithoutARecordTheVeryDomainIsProof) {
  signature_of("small.example");
  author_of("small.example", dmarc::Outcome::none, "small.example");
  author_of("host.small.example", dmarc::Outcome::none, "host.small.example");
  EXPECT_THAT(seen(), ElementsAre("network= 192.0.2.0/24", "dkim+ small.example", "author+ small.example",
                                  "author= host.small.example"));
}

TEST_F(SightingTest, AnOrganizationThatDmarcDidNotNeedIsAskedFor) {
  author_of("news.shop.example", dmarc::Outcome::pass, "");
  EXPECT_THAT(seen("_dmarc.shop.example. TXT \"v=DMARC1; p=none\"\n"
                   "_dmarc.news.shop.example. TXT \"v=DMARC1; p=reject\"\n"),
              ElementsAre("network+ 192.0.2.0/24", "author+ shop.example"));
}

TEST_F(SightingTest, ANameThatIsNoDomainIsNone) {
  signature_of("a b.example");
  spf_of("[192.0.2.1]", spf::ResultCode::pass);
  j_.envelope.ip = "";
  author_of("c.example", dmarc::Outcome::temperror, "c.example");
  EXPECT_THAT(seen(), ElementsAre("author? c.example"));
}

TEST_F(SightingTest, ALetterNamesOnlySoMany) {
  for (int i = 0; i < 40; ++i) signature_of("f" + std::to_string(i) + ".example", dkim::Reason::signature_differs);
  for (int i = 0; i < 3; ++i) signature_of("p" + std::to_string(i) + ".example");
  author_of("a.example", dmarc::Outcome::pass, "a.example");
  const auto all = seen();
  EXPECT_THAT(all, SizeIs(kMostNamed));
  EXPECT_THAT(std::vector(all.begin(), all.begin() + 6),
              ElementsAre("network+ 192.0.2.0/24", "dkim+ p0.example", "dkim+ p1.example", "dkim+ p2.example",
                          "author+ a.example", "dkim- f0.example"));
}

TEST_F(SightingTest, SignaturesThatNobodyLookedAtAreNoNames) {
  signature_of("x.example", dkim::Reason::not_looked_at);
  j_.envelope.ip = "";
  author_of("a.example", dmarc::Outcome::fail, "a.example");
  EXPECT_THAT(seen(), ElementsAre("author- a.example"));
}

}  // namespace
}  // namespace chappe::post
