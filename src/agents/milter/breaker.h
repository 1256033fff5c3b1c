// Leaves alone, for a moment, what has failed several times in a row, so that not every letter waits for it in vain.
// After the pause one may try, while the others still do without; a success ends it, a failure begins another pause.
//
// One for each milter; any thread. Its lock is held for one look (docs/decisions/0007-short-locks.md).
#pragma once

#include <mutex>

#include "base/clock.h"

namespace chappe::agents::milter {

class Breaker {
 public:
  struct Limits {
    unsigned failures = 3;  // in a row
    Duration pause = std::chrono::seconds(30);
  };
  explicit Breaker(Limits limits) : limits_(limits) {}

  bool may_try(Steady now);
  // True: it is left alone from now on, and was not before.
  bool failed(Steady now);
  // True: it was left alone, and is not any more.
  bool succeeded();

 private:
  const Limits limits_;
  std::mutex mutex_;
  unsigned failures_ = 0;
  Steady until_;
};

}  // namespace chappe::agents::milter
