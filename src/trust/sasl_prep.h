// SASLprep (RFC 4013, by ICU): user names and passwords in the form in which they are hashed and compared, so that the
// same keys typed on two systems are the same password. Pure, safe from any thread; nothing blocks.
#pragma once

#include <string>

#include "base/result.h"
#include "crypto/secret.h"

namespace chappe::trust {

inline constexpr std::size_t kMaxSaslText = 1024;  // octets of a user name or password, before and after

// Non-ASCII spaces become spaces, what is invisible goes, compatibility forms are unified (NFKC). Code points that are
// unassigned in Unicode 3.2 pass unchanged, for stored strings too: RFC 4013 §2.5 would refuse every character that is
// younger than 2002 in a password. Errc::invalid: not UTF-8, a character of the prohibited tables (controls), a mixture
// of directions, or empty when prepared; Errc::too_large.
Result<std::string> sasl_prep(std::string_view text);
Result<crypto::Secret> sasl_prep(const crypto::Secret& text);

}  // namespace chappe::trust
