// The form in which authentication compares the domains of mail: of From, of d=, of MAIL FROM. One function for all of
// them, so that two spellings of one name are never two domains, and what is no domain (`example.net(.example.com`) is
// none anywhere. Pure; any thread; nothing blocks.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::trust {

// A-labels in lower case without a final dot (RFC 9989 §5.3.1, RFC 5890 §2.3.2.1). As codec::domain_to_ascii, but
// underscores pass as letters do: no host has one, yet domains of MAIL FROM and of From do. Errc::invalid, too_large.
Result<std::string> mail_domain(ByteView text);

}  // namespace chappe::trust
