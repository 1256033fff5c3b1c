// Base 32 with the extended hex alphabet, without padding, as NSEC3 writes hashes (RFC 4648 §7, RFC 5155 §3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace chappe::dns {

// In lower case.
std::string base32hex_encode(ByteView bytes);
// Either case. Nothing when there is anything outside the alphabet, or bits are set that stand for no octet.
std::optional<Bytes> base32hex_decode(std::string_view text);

}  // namespace chappe::dns
