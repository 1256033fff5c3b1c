// As whom somebody may write whose address it is not: `info@example.org`; `*@sales.example`, every address of a domain;
// `*`, every address there is. A grant belongs to an account and names an identity, which may be ours or another
// host's. One on an address ends with the address, one on addresses of a domain with the domain, so that nobody who has
// the name later is bound by it; when an account is renamed, the grants on it go along.
//
// A plain value, pure functions, nothing blocks.
#pragma once

#include <string_view>

#include "base/result.h"
#include "post/address.h"

namespace chappe::post {

// Errc::invalid, Errc::too_large: as for an address.
Result<AddressKey> parse_identity(std::string_view written);
// `*@domain` for an address in it.
AddressKey everybody_of(const AddressKey& address);
// `*`: local part `*`, no domain.
AddressKey everybody();

}  // namespace chappe::post
