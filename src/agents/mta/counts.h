// What the transfer agent counts (base/metrics.h). One for the process, made with it; any shard.
#pragma once

#include "base/metrics.h"

namespace chappe::agents::mta {

struct Counts {
  explicit Counts(Metrics& metrics);

  // Recipients, by what an attempt came to.
  Counter& delivered;
  Counter& deferred;
  Counter& bounced;
  Counter& silent;
  Counter& notices;  // letters that told a sender what became of one of his
  Counter& connections;
  Counter& connections_failed;
  Gauge& open;          // connections
  Gauge& destinations;  // that letters are on their way to
  Gauge& unreachable;   // that could not be reached the last time
};

}  // namespace chappe::agents::mta
