// Modified UTF-7: how IMAP4rev1 spells mailbox names (RFC 3501 §5.1.3). Pure functions.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace chappe::codec {

// `utf8` in modified UTF-7; nothing when it is not well-formed UTF-8.
std::optional<std::string> utf7_encode(ByteView utf8);

// The inverse, strict: nothing for 8-bit or control octets, unfinished or superfluous shifts, printable ASCII inside
// base64, lone surrogates and stray bits, so that a name has one spelling only.
std::optional<std::string> utf7_decode(ByteView name);

}  // namespace chappe::codec
