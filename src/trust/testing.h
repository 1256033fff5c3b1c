// What the tests of trust/ share.
#pragma once

#include <utility>

#include "base/clock.h"
#include "net/task.h"

namespace chappe::trust {

// On a clock of its own, which jumps to what is waited for.
template <class T>
T run_now(net::Task<T> task) {
  ManualClock clock;
  return net::LocalExecutor(clock).run(std::move(task));
}

}  // namespace chappe::trust
