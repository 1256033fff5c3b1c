#include "trust/dmarc/action.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chappe::trust::dmarc {
namespace {

constexpr std::string_view kActions[] = {"accept", "junk", "quarantine", "defer", "reject"};
constexpr std::string_view kEvidence[] = {"author-nonexistent", "no-indirect-flow", "sender-listed", "content",
                                          "local-block"};
constexpr std::string_view kOverrides[] = {"local_policy", "mailing_list", "other", "policy_test_mode",
                                           "trusted_forwarder"};
constexpr std::string_view kDispositions[] = {"none", "pass", "quarantine", "reject"};

using enum ActionReason;

// In the order of the enumeration (a test checks it).
constexpr ActionReasonRow kReasons[] = {
    {author_missing, "author-missing", "The letter has no author.", "La lettre n'a pas d'auteur."},
    {author_ambiguous, "author-ambiguous", "Readers would differ in who the author of the letter is.",
     "Les lecteurs ne s'accorderaient pas sur l'auteur de la lettre."},
    {dmarc_absent, "dmarc-absent", "DMARC says nothing about the letter.", "DMARC ne dit rien de la lettre."},
    {passes, "passes", "The letter passes DMARC.", "La lettre satisfait à DMARC."},
    {dns_error, "dns-error", "DMARC could not be judged now, for the DNS did not answer.",
     "DMARC n'a pu être jugé pour l'heure, faute de réponse du DNS."},
    {nothing_wanted, "nothing-wanted", "The letter fails DMARC, and its domain wants nothing to be done.",
     "La lettre ne satisfait pas à DMARC, et son domaine ne demande rien."},
    {test_mode, "test-mode", "The letter fails DMARC, and its domain only tests its policy.",
     "La lettre ne satisfait pas à DMARC, et son domaine ne fait que tester sa politique."},
    {overridden, "overridden", "The letter fails DMARC, and this host knows why.",
     "La lettre ne satisfait pas à DMARC, et ce serveur sait pourquoi."},
    {quarantine_wanted, "quarantine-wanted", "The letter fails DMARC, and its domain wants it to be set apart.",
     "La lettre ne satisfait pas à DMARC, et son domaine demande qu'elle soit mise à l'écart."},
    {reject_alone, "reject-alone",
     "The letter fails DMARC, and its domain wants it rejected; without other evidence it is only set apart.",
     "La lettre ne satisfait pas à DMARC, et son domaine demande son rejet ; sans autre indice, elle n'est que mise à "
     "l'écart."},
    {reject_not_done, "reject-not-done",
     "The letter fails DMARC, and its domain wants it rejected, which this host does not do.",
     "La lettre ne satisfait pas à DMARC, et son domaine demande son rejet, que ce serveur ne pratique pas."},
    {reject_with_evidence, "reject-with-evidence",
     "The letter fails DMARC, its domain wants it rejected, and other evidence speaks against it.",
     "La lettre ne satisfait pas à DMARC, son domaine demande son rejet, et d'autres indices l'accablent."},
    {sender_listed, "sender-listed", "A block list that this host asks holds the sender of the letter.",
     "Une liste de blocage que ce serveur consulte contient l'expéditeur de la lettre."},
};
static_assert(std::size(kReasons) == static_cast<std::size_t>(sender_listed) + 1);

// What excuses the failure.
std::vector<Override> excuses(const Knowledge& knowledge) {
  std::vector<Override> out;
  if (knowledge.local_allow) out.push_back({OverrideType::local_policy, *knowledge.local_allow});
  if (knowledge.trusted_forwarder) out.push_back({OverrideType::trusted_forwarder, *knowledge.trusted_forwarder});
  if (const auto& arc = knowledge.arc; arc && arc->passes && arc->trusted && arc->reported == Outcome::pass)
    out.push_back({OverrideType::local_policy, arc->comment});  // RFC 8617 §7.2.2
  if (knowledge.mailing_list) out.push_back({OverrideType::mailing_list, *knowledge.mailing_list});
  if (knowledge.other) out.push_back({OverrideType::other, *knowledge.other});
  return out;
}

void fail_action(Decision& out, const Verdict& verdict, const Knowledge& knowledge, const LocalPolicy& policy) {
  if (verdict.lowered) out.overrides.push_back({OverrideType::policy_test_mode, "t=y"});
  if (verdict.wanted == Policy::none) {
    out.reason = verdict.lowered ? test_mode : nothing_wanted;
    return;
  }
  if (auto excused = excuses(knowledge); !excused.empty()) {
    out.reason = overridden;
    std::move(excused.begin(), excused.end(), std::back_inserter(out.overrides));
    return;
  }
  out.evidence = knowledge.against;
  if (verdict.existence == Existence::nonexistent &&
      std::find(out.evidence.begin(), out.evidence.end(), Evidence::author_nonexistent) == out.evidence.end())
    out.evidence.push_back(Evidence::author_nonexistent);
  if (verdict.wanted == Policy::reject && policy.rejects && !out.evidence.empty()) {
    out.reason = reject_with_evidence;
    out.action = Action::reject;
    return;
  }
  out.action = policy.quarantine;
  out.reason = quarantine_wanted;
  if (verdict.wanted == Policy::reject) {  // RFC 9989 §5.4
    out.reason = policy.rejects ? reject_alone : reject_not_done;
    out.overrides.push_back(
        {OverrideType::local_policy, policy.rejects ? "no evidence beside DMARC" : "no rejection by DMARC"});
  } else if (policy.quarantine == Action::accept) {
    out.overrides.push_back({OverrideType::local_policy, "no quarantine by DMARC"});
  }
}

Disposition disposition_of(const Decision& decision, const Verdict& verdict) {
  if (verdict.result == Outcome::pass) return Disposition::pass;
  if (verdict.result != Outcome::fail || decision.action == Action::accept) return Disposition::none;
  return decision.action == Action::reject ? Disposition::reject : Disposition::quarantine;
}

}  // namespace

std::string_view action_name(Action action) { return kActions[std::to_underlying(action)]; }
std::string_view evidence_name(Evidence evidence) { return kEvidence[std::to_underlying(evidence)]; }
std::string_view override_name(OverrideType type) { return kOverrides[std::to_underlying(type)]; }
std::string_view disposition_name(Disposition disposition) { return kDispositions[std::to_underlying(disposition)]; }
const ActionReasonRow& action_reason_row(ActionReason reason) { return kReasons[std::to_underlying(reason)]; }
std::span<const ActionReasonRow> action_reason_rows() { return kReasons; }

Decision decide(const Verdict& verdict, const Knowledge& knowledge, const LocalPolicy& policy) {
  Decision out;
  switch (verdict.result) {
    case Outcome::none:
    case Outcome::permerror:
      break;
    case Outcome::pass:
      out.reason = passes;
      break;
    case Outcome::temperror:
      out.reason = dns_error;
      if (!knowledge.local_allow && !knowledge.trusted_forwarder) out.action = policy.temperror;
      break;
    case Outcome::fail:
      fail_action(out, verdict, knowledge, policy);
      break;
  }
  out.disposition = disposition_of(out, verdict);
  return out;
}

Decision decide(const Author& author, std::span<const Verdict> verdicts, const Knowledge& knowledge,
                const LocalPolicy& policy) {
  Decision out;
  if (author.class_() == AuthorClass::no_author) {
    out.reason = author_missing;
    out.action = policy.no_author;
    return out;
  }
  if (author.class_() == AuthorClass::ambiguous) {
    out.reason = author_ambiguous;
    out.action = policy.ambiguous;
    return out;
  }
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    Decision one = decide(verdicts[i], knowledge, policy);
    one.governing = i;
    if (i == 0 || one.action > out.action) out = std::move(one);
  }
  return out;
}

}  // namespace chappe::trust::dmarc
