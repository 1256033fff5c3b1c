// The IMAP door: IMAP4rev1 and IMAP4rev2 for mail clients (RFC 3501, RFC 9051), over one connection. On one side a
// socket and the machine of proto/imap, on the other the post office (post/mailbox, post/directory).
#pragma once

#include "agents/door/site.h"
#include "net/stream.h"

namespace chappe::agents {

// Serves one connection to its end. `implicit_tls`: TLS comes before the greeting (RFC 8314 §3.2).
net::Task<void> serve_imap(Site* site, net::Stream stream, bool implicit_tls);

}  // namespace chappe::agents
