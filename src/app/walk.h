// `chappe run`: the first minutes. Local mode with two accounts; one writes to the other, over real connections, and
// each step is told in plain words with the lines that went over the wire.
#pragma once

#include "app/cli.h"

namespace chappe::app {

// Walks, then serves until Ctrl-C when somebody sits at a terminal, else ends. Gives the exit code: 0 when the letter
// arrived as it was sent.
int run_walk(const Invocation& invocation);

}  // namespace chappe::app
