// Where every walk begins: the name servers of the root (RFC 1035 §5.3.3 calls them the "safety belt").
#pragma once

#include <string>
#include <vector>

#include "dns/reading.h"

namespace chappe::dns {

// Those of the Internet, all thirteen with both addresses, as IANA's named.root of 2023-11-27 has them
// (https://www.internic.net/domain/named.root). They change about once in some years, one at a time.
std::vector<NamedServer> internet_roots();

// Those of a hints file, which holds NS records of the root and the addresses of their targets. Blocks on the disk.
// Errc::config.
Result<std::vector<NamedServer>> read_root_hints(const std::string& path);

}  // namespace chappe::dns
