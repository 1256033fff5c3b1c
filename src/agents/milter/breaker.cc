#include "agents/milter/breaker.h"

#include <utility>

namespace chappe::agents::milter {

bool Breaker::may_try(Steady now) {
  const std::lock_guard lock(mutex_);
  if (failures_ < limits_.failures) return true;
  if (now < until_) return false;
  until_ = now + limits_.pause;
  return true;
}

bool Breaker::failed(Steady now) {
  const std::lock_guard lock(mutex_);
  const bool before = failures_ >= limits_.failures;
  if (!before && ++failures_ < limits_.failures) return false;
  until_ = now + limits_.pause;
  return !before;
}

bool Breaker::succeeded() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failures_, 0) >= limits_.failures;
}

}  // namespace chappe::agents::milter
