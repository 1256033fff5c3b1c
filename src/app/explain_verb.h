// `chappe explain ADDRESS`: how a letter finds its way, from the root of the DNS on. A word that is neither an address
// nor a domain is refused, which leaves room for other things to be explained.
#pragma once

#include "app/cli.h"

namespace chappe::app {

int run_explain(const Invocation& invocation);

}  // namespace chappe::app
