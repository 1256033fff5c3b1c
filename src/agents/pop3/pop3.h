// The POP3 door (RFC 1939): the INBOX of an account as a maildrop, for clients that fetch letters and take them away.
// On one side a socket and the machine of proto/pop3, on the other the post office.
//
// Several sessions may have the maildrop open, with IMAP clients beside them: each sees it as it was when it logged in.
// RFC 1939 §8 asks for a lock so that nothing vanishes from under a session; here a letter that somebody else removed
// meanwhile is answered with -ERR, and nothing else changes.
#pragma once

#include "agents/door/door.h"
#include "agents/door/site.h"
#include "net/stream.h"

namespace chappe::agents {

// Serves one connection to its end.
net::Task<void> serve_pop3(Site* site, const Door* door, net::Stream stream);

}  // namespace chappe::agents
