// `chappe explain ADDRESS`: how a letter finds its way, from the root of the DNS on. `chappe explain ID`: what a reason
// means, and who can do what about it; a word without a dot and an @ is an id.
#pragma once

#include "app/cli.h"

namespace chappe::app {

int run_explain(const Invocation& invocation);

}  // namespace chappe::app
