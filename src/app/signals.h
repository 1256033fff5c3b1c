// The signals that people and systemd send to a server. Blocked in every thread, from the first line of main() on, and
// taken by the main thread when it waits for them; so no handler ever runs in the middle of something.
#pragma once

#include <optional>

#include "base/clock.h"

namespace chappe::app {

enum class Asked { stop, reload };

// Blocks SIGTERM, SIGINT and SIGHUP for this thread and those it starts. Call before any thread is started.
void block_signals();
// Waits for one of them: SIGTERM and SIGINT ask to stop, SIGHUP to reload.
Asked wait_for_signal();
// The same, for so long at most; then nothing.
std::optional<Asked> wait_for_signal(Duration at_most);

}  // namespace chappe::app
