// `chappe local`: see app/local.h.
#pragma once

#include "app/cli.h"

namespace chappe::app {

// Serves until SIGTERM or SIGINT; gives the exit code.
int run_local(const Invocation& invocation);

// The options of the verb as a LocalOptions. Errc::usage.
struct LocalOptions;
Result<LocalOptions> local_options(const Invocation& invocation);

}  // namespace chappe::app
