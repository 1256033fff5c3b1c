// The IMAP door: IMAP4rev1 and IMAP4rev2 for mail clients (RFC 3501, RFC 9051), over one connection. On one side a
// socket and the machine of proto/imap, on the other the post office (post/mailbox, post/directory).
#pragma once

#include "agents/door/door.h"
#include "agents/door/site.h"
#include "net/stream.h"

namespace chappe::agents {

// Serves one connection to its end.
net::Task<void> serve_imap(Site* site, const Door* door, net::Stream stream);

}  // namespace chappe::agents
