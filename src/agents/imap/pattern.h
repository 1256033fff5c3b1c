// Mailbox patterns of LIST and LSUB (RFC 9051 §6.3.9.1): `*` stands for anything, `%` for anything within one level.
// Pure; the time is the product of the two lengths, at most, so callers cap the pattern.
#pragma once

#include "base/bytes.h"

namespace chappe::agents::imap {

inline constexpr char kSeparator = '/';
// Octets of all patterns of one command together; a longer one matches no name that may exist.
inline constexpr std::size_t kMaxPatterns = 4096;

bool matches(ByteView pattern, ByteView name);

}  // namespace chappe::agents::imap
