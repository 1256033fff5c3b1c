// Base64 as protocols spell it: strict, one piece in, one piece out (RFC 4648 §4). Pure functions, no state, nothing
// blocks. The forgiving form that MIME bodies need is in codec/transfer.h.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace chappe::codec {

// The alphabet with '+' and '/', padded with '=', without line breaks.
std::string base64_encode(ByteView bytes);

// The bytes that `text` stands for. Nothing when it holds anything outside the alphabet (white space too), lacks
// padding, or leaves bits set that stand for no byte (RFC 4648 §3.5).
std::optional<Bytes> base64_decode(ByteView text);

// The URL and file name safe alphabet ('-' and '_', RFC 4648 §5) without padding.
std::string base64url_encode(ByteView bytes);

// The inverse of base64url_encode, as strict; padding may be there or not (RFC 7515 §2 leaves it out).
std::optional<Bytes> base64url_decode(ByteView text);

}  // namespace chappe::codec
