// What the lock of the throttle costs a shard: docs/decisions/0007-short-locks.md has the figures.
#include <benchmark/benchmark.h>

#include <string>

#include "agents/door/throttle.h"

namespace chappe::agents {
namespace {

// What one login asks, from several shards at a time, over a table that is as full as it gets.
void look(benchmark::State& state) {
  static Throttle* throttle;
  if (state.thread_index() == 0) {
    throttle = new Throttle(system_clock());
    for (std::size_t i = 0; i < Throttle::kEntries / 2 - 1; ++i)
      throttle->failed("192.0.2." + std::to_string(i), "bob@example.test");
  }
  const std::string network = "192.0.2." + std::to_string(state.thread_index());
  for (auto _ : state) benchmark::DoNotOptimize(throttle->may_try(network, "bob@example.test"));
  if (state.thread_index() == 0) delete throttle;
}
BENCHMARK(look)->Threads(1)->Threads(2)->Threads(8)->UseRealTime();

// A failure that must push another one out.
void fail(benchmark::State& state) {
  Throttle throttle(system_clock());
  std::size_t n = 0;
  while (n < Throttle::kEntries / 2) throttle.failed(std::to_string(n++), "bob@example.test");
  for (auto _ : state) throttle.failed(std::to_string(n++), "bob@example.test");
}
BENCHMARK(fail);

}  // namespace
}  // namespace chappe::agents
