// Lets others run when a loop of small steps has had its share of the shard (house rule: nothing runs over a
// millisecond without yielding). Belongs to the coroutine that loops.
//
//   Pace pace(clock);
//   for (...) { co_await pace; ... }
#pragma once

#include "base/clock.h"
#include "net/task.h"

namespace chappe::agents {

class Pace {
 public:
  static constexpr Duration kTurn = std::chrono::microseconds(500);

  explicit Pace(Clock& clock) : clock_(clock), end_(clock.steady() + kTurn) {}

  bool await_ready() const { return clock_.steady() < end_; }
  void await_suspend(std::coroutine_handle<> handle) {
    net::yield().await_suspend(handle);
    yielded_ = true;
  }
  void await_resume() {
    if (std::exchange(yielded_, false)) end_ = clock_.steady() + kTurn;
  }
  Pace& operator co_await() { return *this; }

 private:
  Clock& clock_;
  Steady end_;
  bool yielded_ = false;
};

}  // namespace chappe::agents
