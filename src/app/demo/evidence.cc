#include "app/demo/evidence.h"

#include <fmt/format.h>

#include "codec/base64.h"

namespace chappe::app::demo {

namespace dkim = trust::dkim;
namespace dmarc = trust::dmarc;
namespace spf = trust::spf;

namespace {

std::string_view in(const Teller& tell, const auto& row) { return tell.french() ? row.fr : row.en; }
std::string_view colon(const Teller& tell) { return tell.in({": ", " : "}); }

void tell_spf(Teller& tell, const spf::Verdict& v) {
  const spf::ReasonRow& why = reason_row(v.reason);
  std::string text = fmt::format("{}{}", result_row(v.result).name, colon(tell));
  if (!v.decided_by.empty()) text += fmt::format("« {} », {}{}", v.decided_by, v.decided_at, colon(tell));
  text += in(tell, why);
  if (v.reason == spf::Reason::too_many_lookups)
    text += tell.words({" (this would be look-up {})", " (ce serait la recherche {})"}, v.lookups);
  tell.evidence({"SPF", std::move(text), std::string(why.rule)});
}

void tell_signature(Teller& tell, const dkim::SignatureVerdict& v) {
  const dkim::ReasonRow& why = reason_row(v.reason);
  std::string text =
      fmt::format("{0}{1}d={2}{1}{3}", result_name(v.result()), colon(tell), v.signature.domain, in(tell, why));
  if (v.reason == dkim::Reason::key_too_short) text += tell.words({" ({} bits)", " ({} bits)"}, v.bits());
  if (v.body && v.body->hash != v.signature.body_hash)
    text += tell.words({" (signed bh={}, computed {})", " (signé bh={}, calculé {})"},
                       codec::base64_encode(v.signature.body_hash), codec::base64_encode(v.body->hash));
  if (v.body && v.body->uncovered() > 0)
    text += tell.words({" (l={}: {} octets behind it)", " (l={} : {} octets derrière)"}, v.body->covered(),
                       v.body->uncovered());
  tell.evidence({"DKIM", std::move(text), std::string(why.section)});
}

void tell_dmarc(Teller& tell, const dmarc::Verdict& v) {
  const dmarc::ReasonRow& why = reason_row(v.reason);
  std::string text = fmt::format("{}{}{}", outcome_name(v.result), colon(tell), in(tell, why));
  if (v.policy) text += fmt::format(" (_dmarc.{}{}« {} »)", v.policy->domain, colon(tell), v.policy->record.text);
  tell.evidence({"DMARC", std::move(text), std::string(why.section)});
  for (const dmarc::Identifier& id : v.identifiers)
    if (id.result == dmarc::Authentication::pass)
      tell.evidence({id.method == dmarc::Method::spf ? "DMARC, SPF" : "DMARC, DKIM",
                     fmt::format("{}{}{}", id.domain, colon(tell), in(tell, alignment_row(id.alignment))),
                     "RFC 9989 §5.3.5"});
}

void tell_chain(Teller& tell, const trust::Judgement& j) {
  if (j.arc.status() == trust::arc::Status::none) return;
  const trust::ArcTrustRow& worth = arc_trust_row(j.arc_trust.reason);
  std::string text = fmt::format("{}{}", status_name(j.arc.status()), colon(tell));
  if (!j.arc.sets.empty() && j.arc.sets.back().seal)
    text += fmt::format("d={}{}", j.arc.sets.back().seal->signature.domain, colon(tell));
  tell.evidence({"ARC", text + std::string(in(tell, worth)), std::string(worth.rule)});
}

}  // namespace

void tell_evidence(Teller& tell, const trust::Judgement& j) {
  const trust::AuthorReasonRow& author = author_reason_row(j.author.reason);
  if (j.dmarc.empty()) tell.evidence({"From", std::string(in(tell, author)), "RFC 9989 §11.5"});
  if (j.spf) tell_spf(tell, *j.spf);
  for (const dkim::SignatureVerdict& v : j.dkim.signatures) tell_signature(tell, v);
  if (j.dkim.signatures.empty())
    tell.evidence({"DKIM", tell.words({"none: nobody has signed it", "none : personne ne l'a signée"}), {}});
  if (const auto* verdict = j.decisive()) tell_dmarc(tell, *verdict);
  tell_chain(tell, j);
  if (j.dmarc.empty()) return;
  const dmarc::ActionReasonRow& action = action_reason_row(j.decision.reason);
  tell.evidence({std::string(tell.in({"Decision", "Décision"})),
                 fmt::format("{} ({}){}{}", action_name(j.decision.action), action.id, colon(tell), in(tell, action)),
                 "RFC 9989 §5.4"});
}

}  // namespace chappe::app::demo
