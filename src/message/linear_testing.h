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

// How much longer everything may take where every access to memory is checked.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr int kSlow = 10;
#else
inline constexpr int kSlow = 1;
#endif

// What this thread has used so far.
inline std::chrono::nanoseconds processor_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

// Runs `run` on make(n) and on make(8 n). Eight times the input may take 24 times as long, because more of it falls out
// of the caches and the machine may be busy with something else; a square, 64 times, would be seen in every one of the
// attempts.
template <class Make, class Run>
void expect_linear(std::string_view what, int n, Make make, Run run) {
  using Nanoseconds = std::chrono::nanoseconds;
  const auto small = make(n), large = make(8 * n);
  const auto time = [&run](const std::string& bytes) {
    const Nanoseconds start = processor_time();
    run(bytes);
    return processor_time() - start;
  };
  auto best_small = Nanoseconds::max(), best_large = Nanoseconds::max();
  const auto bound = [&best_small] { return 24 * best_small + std::chrono::milliseconds(2); };
  for (int attempt = 0; attempt < 10; ++attempt) {
    best_small = std::min(best_small, time(small));
    best_large = std::min(best_large, time(large));
    if (best_large < bound()) return;
  }
  EXPECT_LT(best_large.count(), bound().count()) << what;
}

}  // namespace chappe::message
