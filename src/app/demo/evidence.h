// A judgement as evidence: a line for each thing that was looked into, with what was found and the rule by which it
// counts, in the reader's language.
#pragma once

#include <string>

#include "app/demo/teller.h"
#include "base/bytes.h"
#include "trust/judgement.h"

namespace chappe::app::demo {

void tell_evidence(Teller& tell, const trust::Judgement& judgement);

}  // namespace chappe::app::demo
