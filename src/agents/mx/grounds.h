// What the trail keeps of that on which a judgement rests. It stands in the row of each letter, so it is short,
// whatever a stranger writes into his letter and his records. Pure.
#pragma once

#include "post/trail/types.h"
#include "trust/judgement.h"

namespace chappe::agents {

// Octets of an SPF term, which may be as long as its record.
inline constexpr std::size_t kTermOnTrail = 200;

// `governing`: which of the verdicts of DMARC decided. Signatures beyond those that are looked at are one.
post::TrailGrounds grounds_of(const trust::Judgement& judgement, std::size_t governing);

std::vector<std::string> evidence_of(const trust::dmarc::Decision& decision);

}  // namespace chappe::agents
