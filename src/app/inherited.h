// Listening sockets that whoever started this process has opened for it: systemd with a socket unit, or `chappe demo`,
// whose servers live where nobody else could reach them. As sd_listen_fds(3) has it: $LISTEN_PID names this process,
// $LISTEN_FDS says how many descriptors there are, from 3 on, and $LISTEN_FDNAMES names each, with colons between
// (FileDescriptorName= in a socket unit). Here a name is a role: "imaps".
#pragma once

#include <vector>

#include "app/config.h"
#include "net/acceptor.h"

namespace chappe::app {

struct InheritedSocket {
  Role role;
  net::ListenSocket socket;
};

// Takes them, and the variables out of the environment; none, when they are meant for another process. Once, before
// threads are started. Errc::config: a name that is no role, or a descriptor that is no such socket.
Result<std::vector<InheritedSocket>> inherited_sockets();

}  // namespace chappe::app
