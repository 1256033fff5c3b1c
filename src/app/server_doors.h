// What stands behind each listener: the agent that serves its role.
#pragma once

#include "agents/door/door.h"
#include "agents/door/site.h"
#include "app/config.h"
#include "net/acceptor.h"

namespace chappe::app {

// `site` and `door` must outlive the sessions.
net::Acceptor::Handler door_handler(Role role, agents::Site* site, const agents::Door* door);

// What is said to a connection beyond the limits, in the words of the role's protocol.
Bytes refusal_of(Role role);

}  // namespace chappe::app
