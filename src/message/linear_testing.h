// For tests: that the processor time a function takes grows with its input, not with the square of it. Not the time on
// the wall, which on a busy machine says more about the neighbours.
#pragma once

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace chappe::message {

// What this thread has used so far.
inline std::chrono::nanoseconds processor_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

// Runs `run` on make(n) and make(2 n). Twice the input may take four times as long, because the machine may be busy
// with something else; a square would be seen in every one of the attempts.
template <class Make, class Run>
void expect_linear(std::string_view what, int n, Make make, Run run) {
  using Nanoseconds = std::chrono::nanoseconds;
  const auto once = make(n), twice = make(2 * n);
  const auto time = [&run](const std::string& bytes) {
    const Nanoseconds start = processor_time();
    run(bytes);
    return processor_time() - start;
  };
  auto best_once = Nanoseconds::max(), best_twice = Nanoseconds::max();
  for (int attempt = 0; attempt < 10; ++attempt) {
    best_once = std::min(best_once, time(once));
    best_twice = std::min(best_twice, time(twice));
    if (best_twice < 3 * best_once + std::chrono::milliseconds(2) && attempt > 0) return;
  }
  EXPECT_LT(best_twice.count(), 4 * best_once.count() + 2'000'000) << what;
}

}  // namespace chappe::message
