// Names of domains and people as keys: IDNA2008 A-labels and U-labels (RFC 5890, RFC 5891; input is mapped by UTS #46,
// non-transitional), what a domain name may look like at all, and the normal forms of text that make two spellings of
// one name equal. By libidn2 and ICU. Pure functions, safe from any thread; nothing blocks.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::codec {

inline constexpr std::size_t kMaxDomain = 253;       // octets without a final dot (RFC 1035 §2.3.4)
inline constexpr std::size_t kMaxLabel = 63;         // octets of a label (RFC 1035 §2.3.4)
inline constexpr std::size_t kMaxDomainText = 1024;  // octets of a name in UTF-8, before it is made A-labels

// Whether `name` is a domain name in ASCII as mail knows it: labels of letters, digits and inner hyphens
// (RFC 5321 §2.3.5, RFC 1123 §2.1), at most kMaxLabel and kMaxDomain octets, the last label not all digits. No final
// dot, no underscore, no `(`: what passes here is safe to be written into a header or a record name.
bool valid_domain(ByteView name);

// The form that is a key: A-labels, lower case, valid_domain. Takes U-labels, A-labels or a mixture, without a final
// dot. An `xn--` label is taken as it is, even one that IDNA2008 would not make (they exist in the DNS).
// Errc::invalid: not a name; Errc::too_large: over the limits.
Result<std::string> domain_to_ascii(ByteView name);

// The form for people: each `xn--` label that decodes to a label which encodes to it again becomes that; the others
// stay, and all do if the whole would not be a name. Never fails; what is not a domain comes back as it is.
std::string domain_to_unicode(ByteView name);

// Normalization form C (UAX #15). Errc::invalid: not UTF-8.
Result<std::string> to_nfc(ByteView text);

// The key of a caseless text: equal for two texts exactly if they are a canonical caseless match (Unicode 15 §3.13,
// D145); in form C. For ASCII it is lower case. Errc::invalid: not UTF-8.
Result<std::string> fold_case(ByteView text);

}  // namespace chappe::codec
