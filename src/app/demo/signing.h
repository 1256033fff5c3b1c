// Letters signed in the name of a domain of the plan, by those whom the demo plays. Pure but for the key.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "trust/dkim/sign.h"

namespace chappe::app::demo {

// As a server of today signs.
Result<Bytes> signed_well(const trust::dkim::SigningKey& key, const Bytes& octets);
// As a program signs that knows no better: with a key however short, and, with `part`, for the body as it is now and
// whatever somebody adds behind it (RFC 6376 §3.5 `l=`).
Result<Bytes> signed_carelessly(const trust::dkim::SigningKey& key, const Bytes& octets, bool part);

}  // namespace chappe::app::demo
