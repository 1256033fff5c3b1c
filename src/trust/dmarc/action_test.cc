#include "trust/dmarc/action.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace chappe::trust::dmarc {
namespace {

Verdict failed(Policy asked, bool test = false) {
  Verdict v;
  v.result = Outcome::fail;
  v.reason = Reason::nothing_aligned;
  v.asked = asked;
  v.lowered = test && asked != Policy::none;
  v.wanted = !v.lowered ? asked : asked == Policy::reject ? Policy::quarantine : Policy::none;
  return v;
}
Verdict with(Outcome result) {
  Verdict v;
  v.result = result;
  v.asked = Policy::reject;
  return v;
}

std::string told(const Decision& d) {
  std::string out =
      fmt::format("{} {} {}", action_name(d.action), action_reason_row(d.reason).id, disposition_name(d.disposition));
  for (const Override& o : d.overrides) out += fmt::format(" {}({})", override_name(o.type), o.comment);
  for (const Evidence e : d.evidence) out += fmt::format(" !{}", evidence_name(e));
  return out;
}
std::string told(const Verdict& verdict, const Knowledge& knowledge = {}, const LocalPolicy& policy = {}) {
  return told(decide(verdict, knowledge, policy));
}

TEST(DmarcAction, WhatTheDomainWants) {
  EXPECT_EQ(told(with(Outcome::pass)), "accept passes pass");
  EXPECT_EQ(told(with(Outcome::none)), "accept dmarc-absent none");
  EXPECT_EQ(told(with(Outcome::permerror)), "accept dmarc-absent none");
  EXPECT_EQ(told(failed(Policy::none)), "accept nothing-wanted none");
  EXPECT_EQ(told(failed(Policy::quarantine)), "junk quarantine-wanted quarantine");
}

// RFC 9989 §5.4
TEST(DmarcAction, RejectNeedsMoreThanThePolicy) {
  const Verdict v = failed(Policy::reject);
  EXPECT_EQ(told(v), "junk reject-alone quarantine local_policy(no evidence beside DMARC)");
  Knowledge k;
  k.against = {Evidence::no_indirect_flow};
  EXPECT_EQ(told(v, k), "reject reject-with-evidence reject !no-indirect-flow");
  EXPECT_EQ(told(v, k, {.rejects = false}),
            "junk reject-not-done quarantine local_policy(no rejection by DMARC) !no-indirect-flow");
  Verdict nonexistent = v;
  nonexistent.existence = Existence::nonexistent;
  EXPECT_EQ(told(nonexistent), "reject reject-with-evidence reject !author-nonexistent");
  // Evidence does not make more of a letter than its domain asks for.
  EXPECT_EQ(told(failed(Policy::quarantine), k), "junk quarantine-wanted quarantine !no-indirect-flow");
  EXPECT_EQ(told(failed(Policy::none), k), "accept nothing-wanted none");
  EXPECT_EQ(told(with(Outcome::pass), k), "accept passes pass");
}

TEST(DmarcAction, TestMode) {
  EXPECT_EQ(told(failed(Policy::quarantine, true)), "accept test-mode none policy_test_mode(t=y)");
  EXPECT_EQ(told(failed(Policy::none, true)), "accept nothing-wanted none");
  Knowledge k;
  k.against = {Evidence::content};
  EXPECT_EQ(told(failed(Policy::reject, true), k), "junk quarantine-wanted quarantine policy_test_mode(t=y) !content");
}

TEST(DmarcAction, Overrides) {
  const Verdict v = failed(Policy::reject);
  Knowledge k;
  k.against = {Evidence::content};
  k.mailing_list = "list.example.org";
  EXPECT_EQ(told(v, k), "accept overridden none mailing_list(list.example.org)");
  k.trusted_forwarder = "192.0.2.1";
  k.local_allow = "rule 3";
  k.other = "gateway";
  EXPECT_EQ(told(v, k),
            "accept overridden none local_policy(rule 3) trusted_forwarder(192.0.2.1) mailing_list(list.example.org) "
            "other(gateway)");
  // Nothing is deviated from where nothing is wanted.
  EXPECT_EQ(told(failed(Policy::none), k), "accept nothing-wanted none");
  EXPECT_EQ(told(with(Outcome::pass), k), "accept passes pass");
}

// RFC 8617 §7.2
TEST(DmarcAction, Arc) {
  const Verdict v = failed(Policy::reject);
  const auto arc = [&](bool passes, bool trusted, Outcome reported) {
    Knowledge k;
    k.arc = ArcKnowledge{passes, trusted, reported, "arc=pass as[1].d=d.example"};
    return decide(v, k, {}).reason;
  };
  EXPECT_EQ(arc(true, true, Outcome::pass), ActionReason::overridden);
  EXPECT_EQ(arc(true, true, Outcome::fail), ActionReason::reject_alone);
  EXPECT_EQ(arc(true, true, Outcome::none), ActionReason::reject_alone);
  EXPECT_EQ(arc(true, false, Outcome::pass), ActionReason::reject_alone);
  EXPECT_EQ(arc(false, true, Outcome::pass), ActionReason::reject_alone);
  Knowledge k;
  k.arc = ArcKnowledge{true, true, Outcome::pass, "arc=pass as[1].d=d.example"};
  EXPECT_EQ(told(v, k), "accept overridden none local_policy(arc=pass as[1].d=d.example)");
}

TEST(DmarcAction, LocalPolicies) {
  EXPECT_EQ(told(failed(Policy::quarantine), {}, {.quarantine = Action::quarantine}),
            "quarantine quarantine-wanted quarantine");
  EXPECT_EQ(told(failed(Policy::quarantine), {}, {.quarantine = Action::accept}),
            "accept quarantine-wanted none local_policy(no quarantine by DMARC)");
  EXPECT_EQ(told(failed(Policy::reject), {}, {.quarantine = Action::accept}),
            "accept reject-alone none local_policy(no evidence beside DMARC)");
  EXPECT_EQ(told(with(Outcome::temperror)), "defer dns-error none");
  EXPECT_EQ(told(with(Outcome::temperror), {}, {.temperror = Action::accept}), "accept dns-error none");
  Knowledge k;
  k.local_allow = "rule 3";
  EXPECT_EQ(told(with(Outcome::temperror), k), "accept dns-error none");
}

TEST(DmarcAction, Authors) {
  Author author;
  author.reason = AuthorReason::from_missing;
  EXPECT_EQ(told(decide(author, {}, {}, {})), "reject author-missing none");
  EXPECT_EQ(told(decide(author, {}, {}, {.no_author = Action::junk})), "junk author-missing none");
  author.reason = AuthorReason::several_fields;
  EXPECT_EQ(told(decide(author, {}, {}, {})), "reject author-ambiguous none");
  EXPECT_EQ(told(decide(author, {}, {}, {.ambiguous = Action::quarantine})), "quarantine author-ambiguous none");

  author.reason = AuthorReason::several_domains;
  author.domains = {"a.example", "b.example", "c.example"};
  const std::vector<Verdict> verdicts = {with(Outcome::pass), failed(Policy::quarantine), failed(Policy::none)};
  const Decision d = decide(author, verdicts, {}, {});
  EXPECT_EQ(told(d), "junk quarantine-wanted quarantine");
  EXPECT_EQ(d.governing, 1u);
  const std::vector<Verdict> good = {with(Outcome::pass), with(Outcome::none)};
  EXPECT_EQ(told(decide(author, good, {}, {})), "accept passes pass");
}

// RFC 9990 §3.1.6
TEST(DmarcAction, NamesOfReports) {
  EXPECT_EQ(override_name(OverrideType::local_policy), "local_policy");
  EXPECT_EQ(override_name(OverrideType::mailing_list), "mailing_list");
  EXPECT_EQ(override_name(OverrideType::other), "other");
  EXPECT_EQ(override_name(OverrideType::policy_test_mode), "policy_test_mode");
  EXPECT_EQ(override_name(OverrideType::trusted_forwarder), "trusted_forwarder");
  std::set<std::string_view> ids;
  for (int i = 0; i <= static_cast<int>(ActionReason::sender_listed); ++i) {
    const ActionReasonRow& row = action_reason_row(static_cast<ActionReason>(i));
    EXPECT_EQ(static_cast<int>(row.reason), i);
    EXPECT_TRUE(ids.insert(row.id).second);
    EXPECT_NE(row.text(Lang::en), row.text(Lang::fr));
  }
}

}  // namespace
}  // namespace chappe::trust::dmarc
