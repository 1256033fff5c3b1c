#include "proto/smtp/options.h"

namespace chappe::proto::smtp {

ServerOptions default_options(Role role) {
  ServerOptions o;
  o.role = role;
  if (role == Role::submission) {
    o.tls_required = true;
    o.auth_required = true;
    o.bare_lf = LineFault::repair;
    o.bare_lf_chunk = LineFault::repair;
    o.limits.errors = 50;  // our own people, at a keyboard
    o.refuse_early_commands = false;
  }
  if (role == Role::lmtp) o.refuse_early_commands = false;
  return o;
}

}  // namespace chappe::proto::smtp
