#include "app/trust/reasons.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/text.h"
#include "trust/judgement.h"

namespace chappe::app {
namespace {

namespace dmarc = trust::dmarc;
using testing::ElementsAre;
using testing::IsEmpty;

std::set<std::string_view> words(std::string_view text) {
  const auto parts = split(text, ' ');
  return {parts.begin(), parts.end()};
}

// What is good news, or a step of an answer that is told as a whole. Every other id has advice: a new one without it
// fails here.
const std::map<Topic, std::set<std::string_view>> kWithoutAdvice = {
    {Topic::author, words("single same-domain")},
    {Topic::decision, words("passes")},
    {Topic::dmarc, words("aligned")},
    {Topic::alignment, words("identical same-organization")},
    {Topic::dmarc_walk, words("psd-yes psd-no top error below-psd fewest-labels itself unknown")},
    {Topic::dkim, words("verified")},
    {Topic::arc, words("no-sets verified")},
    {Topic::arc_trust, words("sealer-vouches")},
    {Topic::spf_result, words("pass")},
    {Topic::spf, words("in-network among-addresses name-exists include-passes host-is-of-domain not-in-network "
                       "other-family not-among-addresses include-does-not-pass host-is-not-of-domain")},
    {Topic::iprev, words("confirmed")},
    {Topic::helo, words("resolves")},
    {Topic::list, words("not-listed")},
    {Topic::list_effect, words("none overridden")},
};

std::vector<const Advice*> all_advice() {
  std::vector<const Advice*> out;
  for (const auto part : {proof_advice(), host_advice(), policy_advice()})
    for (const Advice& advice : part) out.push_back(&advice);
  return out;
}

TEST(Reasons, EveryIdThatIsBadNewsHasAdvice) {
  for (const ReasonFound& r : all_reasons()) {
    const auto row = kWithoutAdvice.find(r.topic);
    const bool exempt = row != kWithoutAdvice.end() && row->second.contains(r.id);
    EXPECT_EQ(r.advice == nullptr, exempt) << r.subject.en << ": " << r.id;
  }
  // Nothing that fails is among what needs none.
  for (const auto& row : trust::dkim::reason_rows())
    if (row.result != trust::dkim::ResultCode::pass) EXPECT_TRUE(advice_on(Topic::dkim, row.id)) << row.id;
  for (const auto& row : trust::arc::reason_rows())
    if (row.status == trust::arc::Status::fail) EXPECT_TRUE(advice_on(Topic::arc, row.id)) << row.id;
}

TEST(Reasons, AdviceIsOfIdsThatThereAreOnceEach) {
  std::set<std::pair<Topic, std::string_view>> known, advised;
  for (const ReasonFound& r : all_reasons()) known.emplace(r.topic, r.id);
  for (const Advice* advice : all_advice())
    for (const std::string_view id : split(advice->ids, ' ')) {
      EXPECT_TRUE(known.contains({advice->topic, id})) << id;
      EXPECT_TRUE(advised.emplace(advice->topic, id).second) << id;
    }
}

TEST(Reasons, AdviceIsInBothLanguages) {
  for (const Advice* advice : all_advice()) {
    EXPECT_FALSE(advice->letter.en.empty() && advice->sender.en.empty() && advice->here.en.empty()) << advice->ids;
    for (const Text& text : {advice->letter, advice->sender, advice->here}) {
      EXPECT_EQ(text.en.empty(), text.fr.empty()) << text.en;
      if (text.en.empty()) continue;
      EXPECT_TRUE(text.en.ends_with('.') && text.fr.ends_with('.')) << text.en << '\n' << text.fr;
      EXPECT_NE(text.en, text.fr);
    }
  }
}

TEST(Reasons, WhatHasOnlyANameIsKnown) {
  const auto ids = [](Topic topic) {
    std::vector<std::string_view> out;
    for (const ReasonFound& r : all_reasons())
      if (r.topic == topic) out.push_back(r.id);
    return out;
  };
  std::vector<std::string_view> evidence, overrides, effects;
  for (int i = 0; i <= static_cast<int>(dmarc::Evidence::local_block); ++i)
    evidence.push_back(evidence_name(static_cast<dmarc::Evidence>(i)));
  for (int i = 0; i <= static_cast<int>(dmarc::OverrideType::trusted_forwarder); ++i)
    overrides.push_back(override_name(static_cast<dmarc::OverrideType>(i)));
  for (int i = 0; i <= static_cast<int>(trust::ListEffect::unproven); ++i)
    effects.push_back(list_effect_name(static_cast<trust::ListEffect>(i)));
  EXPECT_EQ(ids(Topic::evidence), evidence);
  EXPECT_EQ(ids(Topic::override_), overrides);
  EXPECT_EQ(ids(Topic::list_effect), effects);
  for (int i = 0; i <= static_cast<int>(dmarc::WalkEnd::error); ++i)
    EXPECT_THAT(find_reasons(walk_end_name(static_cast<dmarc::WalkEnd>(i))), testing::Not(IsEmpty())) << i;
  for (int i = 0; i <= static_cast<int>(dmarc::Choice::unknown); ++i)
    EXPECT_THAT(find_reasons(choice_name(static_cast<dmarc::Choice>(i))), testing::Not(IsEmpty())) << i;
  for (const auto* id : {"policy-none", "subdomains-weaker", "wide-network", "no-indirect-flow", "strict-differs"})
    EXPECT_THAT(find_reasons(id), testing::Not(IsEmpty())) << id;
}

TEST(Reasons, AreFoundInAnyCaseAndNearlySo) {
  EXPECT_EQ(find_reasons("REJECT-With-Evidence").size(), 1U);
  EXPECT_THAT(find_reasons("reject"), IsEmpty());
  EXPECT_THAT(find_reasons(""), IsEmpty());
  EXPECT_THAT(similar_reasons("Reject", 3), ElementsAre("reject-alone", "reject-not-done", "reject-with-evidence"));
  EXPECT_THAT(similar_reasons("body-difers", 3), ElementsAre("body-differs"));
  EXPECT_THAT(similar_reasons("", 3), IsEmpty());
  EXPECT_THAT(similar_reasons("zzzzzzzzzzzz", 3), IsEmpty());
}

}  // namespace
}  // namespace chappe::app
