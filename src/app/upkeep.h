// What a server does for its store beside serving. One task each, on the first shard, until the server stops.
#pragma once

#include "base/log.h"
#include "store/reclaim.h"

namespace chappe::app {

// Gives back the space of letters that have gone. All must outlive the task, which ends with `cancel`.
net::Task<void> keep_space(store::Store* store, store::Commit* commit, Log* log, net::Cancel* cancel);

}  // namespace chappe::app
