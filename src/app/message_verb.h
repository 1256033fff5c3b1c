// `chappe message FILE`: how a letter is understood.
#pragma once

#include "app/cli.h"

namespace chappe::app {

int run_message(const Invocation& invocation);

}  // namespace chappe::app
