// ENVELOPE and BODYSTRUCTURE of a letter (RFC 9051 §7.5.2), computed from message::Letter, the same view that judges
// and shows it. Appended to `out`; pure, linear in the letter; nothing blocks. `utf8` as in write.h.
#pragma once

#include "base/bytes.h"
#include "message/letter.h"

namespace chappe::proto::imap {

// The envelope of `message`, the letter's root or the message inside of a part. Texts stand as in the letter, unfolded,
// encoded words and all; clients decode them.
void write_envelope(Bytes& out, const message::Letter& letter, const message::Part& message, bool utf8);

// The MIME structure; `extended` with the extension data (BODYSTRUCTURE), without for BODY. Parameters stand as in the
// letter (RFC 2231 marks and all). Recurses as deep as the letter's parts, which Letter::Limits caps.
void write_body_structure(Bytes& out, const message::Letter& letter, bool extended, bool utf8);

}  // namespace chappe::proto::imap
