// Letters signed in the name of a domain of the plan, by those whom the demo plays. Pure but for the key.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "trust/arc/seal.h"
#include "trust/dkim/sign.h"

namespace chappe::app::demo {

// As a server of today signs.
Result<Bytes> signed_well(const trust::dkim::SigningKey& key, const Bytes& octets);
// As a program signs that knows no better: with a key however short, and, with `part`, for the body as it is now and
// whatever somebody adds behind it (RFC 6376 §3.5 `l=`).
Result<Bytes> signed_carelessly(const trust::dkim::SigningKey& key, const Bytes& octets, bool part);

// Sealed by a host that hands the letter on (RFC 8617 §5.1). `came` and `results`: what it found when the letter came,
// the latter as Authentication-Results has it.
Result<Bytes> sealed(const trust::dkim::SigningKey& key, const Bytes& octets, trust::arc::Status came,
                     std::string_view results);

}  // namespace chappe::app::demo
