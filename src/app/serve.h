// `chappe serve`: the server as a service. Binds, gives up root, serves until it is told to stop; reads its
// configuration anew when it is told to.
#pragma once

#include "app/cli.h"

namespace chappe::app {

int run_serve(const Invocation& invocation);

}  // namespace chappe::app
