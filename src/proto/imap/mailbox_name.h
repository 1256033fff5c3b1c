// Mailbox names on the wire and inside. Inside they are UTF-8, always; on the wire they are UTF-8 for clients that
// enabled IMAP4rev2 or UTF8=ACCEPT (RFC 9051 §5.1, RFC 6855 §3), and modified UTF-7 for all others (RFC 3501 §5.1.3).
// Pure functions; nothing blocks.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::proto::imap {

// The name in UTF-8. `utf8`: whether the client enabled UTF-8 names. A name with 8-bit octets is taken for UTF-8 from
// anyone. Invalid: broken UTF-8 or UTF-7, control characters.
Result<Bytes> decode_mailbox(ByteView wire, bool utf8);

// The name as this client reads it; `name` is valid UTF-8.
Bytes encode_mailbox(ByteView name, bool utf8);

}  // namespace chappe::proto::imap
