#include "proto/smtp/options.h"

namespace chappe::proto::smtp {

ServerOptions default_options(Role role) {
  ServerOptions o;
  o.role = role;
  o.dsn = role != Role::lmtp;
  if (role == Role::submission) {
    o.tls_required = true;
    o.auth_required = true;
    o.bare_lf = LineFault::repair;
    o.bare_lf_chunk = LineFault::repair;
    o.limits.errors = 50;  // our own people, at a keyboard
    o.refuse_early_commands = false;
  }
  if (role == Role::lmtp) {
    // Only hosts of our own site come here, on connections that they keep: to ask whom we know, too.
    o.refuse_early_commands = false;
    o.limits.idle_commands = 100'000;
    o.limits.refused_rcpts = 0;
    o.folders = true;
  }
  return o;
}

}  // namespace chappe::proto::smtp
