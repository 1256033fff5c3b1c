// Special uses as IMAP names them (RFC 6154 §2). Pure.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "post/mailbox/types.h"

namespace chappe::agents::imap {

// "\Sent" in any case; nothing for a use that mailboxes here do not have.
std::optional<post::SpecialUse> special_use(ByteView name);
// Empty for none; lives for ever.
ByteView special_use_name(post::SpecialUse use);

}  // namespace chappe::agents::imap
