// `chappe demo`: a small Internet in one command. Builds it, goes through the table of scenarios, tells what happens,
// and at a terminal stays up for people's own mail programs.
#pragma once

#include "app/cli.h"

namespace chappe::app {

// 0 when every scenario was seen as expected, 1 when one was not; else why the demo could not be had (sysexits).
int run_demo(const Invocation& invocation);

}  // namespace chappe::app
