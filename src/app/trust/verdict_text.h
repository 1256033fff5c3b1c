// Verdicts of trust/ for people, in English and French: what came out, why, and the way to it. Pure.
#pragma once

#include <string>

#include "app/cli.h"
#include "trust/judgement.h"

namespace chappe::app {

std::string spf_text(const trust::spf::Verdict& verdict, bool french);
// Of a letter.
std::string dmarc_text(const trust::dmarc::Verdict& verdict, bool french);
// Of a domain: `verdict` is that on a letter of it without any proof.
std::string dmarc_policy_text(const trust::dmarc::Verdict& verdict, bool french);
// The sentence of the decision: that of the author where his domain is none, which is no matter of how one reads.
std::string_view decision_text(const trust::Judgement& judgement, bool french);
std::string judgement_text(const trust::Judgement& judgement, bool french);

}  // namespace chappe::app
