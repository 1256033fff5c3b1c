// What remembering a letter costs the shard that took it: a lock and a look for each of its names. The table is as full
// as it gets between two writings.
#include <benchmark/benchmark.h>

#include "post/reputation/reputation.h"
#include "store/memory.h"

namespace chappe::post {
namespace {

struct World {
  World() : reputation({store.get(), &commit, &system_clock()}) {
    for (std::size_t i = 0; i + 100 < ReputationOptions().pending; ++i)
      reputation.count({{Named{{IdentityKind::dkim, std::to_string(i) + ".example"}, Proof::pass}}}, Fate::accepted);
  }
  std::unique_ptr<store::Store> store = store::make_memory();
  store::Commit commit{*store, store::Commit::Options{.mode = store::Commit::Mode::in_line}};
  Reputation reputation;
};

// Network, MAIL FROM, one signature, author.
Sighting letter(int sender) {
  const std::string name = std::to_string(sender) + ".sender.example";
  return {{{{IdentityKind::network, "192.0." + std::to_string(sender) + ".0/24"}, Proof::pass},
           {{IdentityKind::mail_from, name}, Proof::pass},
           {{IdentityKind::dkim, name}, Proof::pass},
           {{IdentityKind::author, name}, Proof::pass}}};
}

void count(benchmark::State& state) {
  static World* world;
  if (state.thread_index() == 0) world = new World();
  const Sighting one = letter(state.thread_index());
  for (auto _ : state) world->reputation.count(one, Fate::accepted);
  if (state.thread_index() == 0) delete world;
}
BENCHMARK(count)->Threads(1)->Threads(2)->Threads(8)->UseRealTime();

// Names that find no room any more: the flood.
void count_in_vain(benchmark::State& state) {
  World world;
  for (int i = 0; i < 1000; ++i) world.reputation.count(letter(i), Fate::refused);
  const Sighting one = letter(5000);
  for (auto _ : state) world.reputation.count(one, Fate::refused);
}
BENCHMARK(count_in_vain);

net::Task<void> look(Reputation* reputation, benchmark::State* state) {
  const Identity identity{IdentityKind::dkim, "7.example"};
  for (auto _ : *state)
    benchmark::DoNotOptimize(
        co_await reputation->of(identity, {system_clock().steady() + std::chrono::hours(1), nullptr}));
}
// What a filter asks for each name, from the cache.
void of(benchmark::State& state) {
  World world;
  net::run(look(&world.reputation, &state));
}
BENCHMARK(of);

}  // namespace
}  // namespace chappe::post
