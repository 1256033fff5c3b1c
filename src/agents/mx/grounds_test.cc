#include "agents/mx/grounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
namespace dkim = trust::dkim;
namespace dmarc = trust::dmarc;

TEST(Grounds, AreWhatDecided) {
  trust::Judgement j;
  EXPECT_EQ(grounds_of(j, 0), post::TrailGrounds());
  j.spf.emplace();
  j.spf->decided_by = "-all";
  j.spf->decided_at = "spf.bank.example";
  j.dmarc.resize(2);
  j.dmarc[0].author = "a.example";
  j.dmarc[1].author = "news.bank.example";
  j.dmarc[1].policy.emplace().domain = "bank.example";
  j.dkim.signatures.resize(2);
  j.dkim.signatures[0].reason = dkim::Reason::verified;
  j.dkim.signatures[1].reason = dkim::Reason::body_differs;
  EXPECT_EQ(grounds_of(j, 1), (post::TrailGrounds{.evidence = {},
                                                  .author = "news.bank.example",
                                                  .record = "_dmarc.bank.example",
                                                  .spf_term = "-all",
                                                  .spf_domain = "spf.bank.example",
                                                  .signatures = {"verified", "body-differs"}}));
  EXPECT_EQ(grounds_of(j, 0).author, "a.example");
  EXPECT_EQ(grounds_of(j, 0).record, "");
  dmarc::Decision decision;
  decision.evidence = {dmarc::Evidence::no_indirect_flow, dmarc::Evidence::content};
  EXPECT_THAT(evidence_of(decision), ElementsAre("no-indirect-flow", "content"));
}

TEST(Grounds, AreShort) {
  trust::Judgement j;
  j.spf.emplace();
  j.spf->decided_by = std::string(60'000, '\x01');
  j.spf->decided_at = std::string(60'000, 'a');
  j.dkim.signatures.resize(1000);
  const std::size_t looked_at = dkim::Limits().signatures;
  for (std::size_t i = looked_at; i < 1000; ++i) j.dkim.signatures[i].reason = dkim::Reason::too_many_signatures;
  const post::TrailGrounds grounds = grounds_of(j, 0);
  EXPECT_LE(grounds.spf_term.size(), 4 * kTermOnTrail + 3) << "each octet escaped, and an ellipsis";
  EXPECT_LE(grounds.spf_domain.size(), kTermOnTrail + 3);
  EXPECT_THAT(grounds.signatures, SizeIs(looked_at + 1));
  EXPECT_EQ(grounds.signatures.back(), "too-many-signatures");
}

}  // namespace
}  // namespace chappe::agents
