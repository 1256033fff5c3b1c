// Where the other hosts of a site give the transfer agent letters for anybody (a listener of the role relay). Hosts of
// the world are turned away: this is the one door that relays, so it looks at nothing but the peer's address.
#pragma once

#include <memory>

#include "agents/door/smtp_session.h"

namespace chappe::agents {

std::shared_ptr<const proto::smtp::ServerOptions> intake_options(const Site& site);

// Serves one connection to its end.
net::Task<void> serve_intake(Site* site, const Door* door, std::shared_ptr<const proto::smtp::ServerOptions> options,
                             net::Stream stream);

}  // namespace chappe::agents
