#include "agents/mx/grounds.h"

#include "base/text.h"

namespace chappe::agents {

post::TrailGrounds grounds_of(const trust::Judgement& j, std::size_t governing) {
  post::TrailGrounds out;
  if (!j.dmarc.empty()) {
    const trust::dmarc::Verdict& verdict = j.dmarc.at(governing);
    out.author = verdict.author;
    if (verdict.policy) out.record = "_dmarc." + verdict.policy->domain;
  }
  if (j.spf && !j.spf->decided_by.empty()) {
    out.spf_term = printable(j.spf->decided_by, kTermOnTrail);
    out.spf_domain = printable(j.spf->decided_at, kTermOnTrail);
  }
  for (const trust::dkim::SignatureVerdict& v : j.dkim.signatures) {
    out.signatures.emplace_back(reason_row(v.reason).id);
    if (v.reason == trust::dkim::Reason::too_many_signatures) break;  // so are all behind it
  }
  return out;
}

std::vector<std::string> evidence_of(const trust::dmarc::Decision& decision) {
  std::vector<std::string> out;
  for (const trust::dmarc::Evidence one : decision.evidence) out.emplace_back(evidence_name(one));
  return out;
}

}  // namespace chappe::agents
