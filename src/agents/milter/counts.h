// What is counted of one milter (base/metrics.h). Any shard.
#pragma once

#include <string_view>

#include "base/metrics.h"

namespace chappe::agents::milter {

struct Counts {
  Counts(Metrics& metrics, std::string_view name);

  Counter& opened;
  Counter& reused;
  Counter& not_opened;
  Gauge& open;
  Counter& timeouts;
  Counter& closed;
  Counter& faults;
  Counter& left_alone;
};

}  // namespace chappe::agents::milter
