// The MSA: the door where our own people hand in their letters, on port 587 (STARTTLS) and 465 (TLS from the first
// byte), after they have logged in (RFC 6409, RFC 8314). Letters go to our own mailboxes at once and to others into the
// queue. A submission server may mend a letter (RFC 6409 §8); what it mends is in repairs.h.
#pragma once

#include <memory>

#include "agents/door/smtp_session.h"

namespace chappe::agents {

std::shared_ptr<const proto::smtp::ServerOptions> submission_options(const Site& site);

// Serves one connection to its end.
net::Task<void> serve_submission(Site* site, const Door* door,
                                 std::shared_ptr<const proto::smtp::ServerOptions> options, net::Stream stream);

}  // namespace chappe::agents
