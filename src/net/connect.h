// One connection out of several addresses of a host, without waiting long for those that do not answer (RFC 8305).
#pragma once

#include <optional>
#include <vector>

#include "net/stream.h"

namespace chappe::net {

// How long an attempt has before the next one begins beside it (RFC 8305 §8).
inline constexpr Duration kHeadStart = std::chrono::milliseconds(250);

// A connection from that address of ours, on any port; nothing: from the one that the system chooses. On a shard.
// Errc::unavailable, timeout, cancelled, io.
Task<Result<Stream>> connect_from(std::optional<Endpoint> from, Endpoint to, Deadline deadline);

// Both families in turn, the first address of the list first (RFC 8305 §4).
std::vector<Endpoint> interleave(std::vector<Endpoint> addresses);

// Tries the addresses in their order; an attempt that fails makes room for the next at once, one that hangs after
// kHeadStart. The first connection wins, the others are given up. On a shard. Errors: the last attempt's; timeout,
// cancelled; invalid when there are no addresses.
Task<Result<Stream>> connect_any(std::vector<Endpoint> addresses, Deadline deadline);

}  // namespace chappe::net
