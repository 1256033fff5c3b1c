// The MX: the door on port 25 that the world knocks at. Takes letters for our own addresses from anybody, and for
// nobody else's from nobody (no relaying, RFC 5321 §3.9.3 and its century of abuse). No login here.
#pragma once

#include <memory>

#include "agents/door/smtp_session.h"

namespace chappe::agents {

// The machine's options of this door.
std::shared_ptr<const proto::smtp::ServerOptions> exchanger_options(const Site& site);

// Serves one connection to its end.
net::Task<void> serve_exchanger(Site* site, const Door* door, std::shared_ptr<const proto::smtp::ServerOptions> options,
                                net::Stream stream);

}  // namespace chappe::agents
