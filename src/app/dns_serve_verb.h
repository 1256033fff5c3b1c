// `chappe dns serve ZONE...`: a name server for zone files, telling every question.
#pragma once

#include "app/cli.h"

namespace chappe::app {

// Serves until SIGTERM or SIGINT; SIGHUP reads the zones anew. Gives the exit code.
int run_dns_serve(const Invocation& invocation);

}  // namespace chappe::app
