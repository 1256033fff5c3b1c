// What a question costs whose answer the resolver knows already, asked from two shards at once: by way of libunbound's
// thread, and with a cache in each shard in front of it (docs/decisions/0009-resolver.md).
#include <benchmark/benchmark.h>

#include <thread>

#include "agents/nameserver/nameserver.h"
#include "dns/cache.h"
#include "dns/live.h"
#include "dns/zone_file.h"

namespace chappe::agents::nameserver {
namespace {

constexpr int kShards = 2;
constexpr int kNames = 1000;
constexpr int kQuestions = 20'000;  // of each shard in a round

struct World {
  World() {
    std::string text = "$ORIGIN example.\n$TTL 1h\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n";
    for (int i = 0; i < kNames; ++i) text += fmt::format("host{} MX 10 ns\n", i);
    dns::Zones zones;
    if (!zones.add(*dns::Zone::make(dns::parse_zone_text(text)->records))) std::abort();
    NameServerOptions options;
    options.listen = {*net::Endpoint::parse("127.0.0.1", 0)};
    server = *NameServer::open({&shards, &system_clock()}, std::move(options),
                               std::make_shared<const dns::Zones>(std::move(zones)), {});
    server->start();
    dns::LiveOptions live;
    live.ask_loopback = true;
    live.stubs.push_back({*dns::Name::parse("example."), server->at().front()});
    resolver = *dns::LiveResolver::start(live);
  }
  ~World() {
    resolver.reset();
    server->stop();
    shards.stop();
  }

  net::Shards shards{1}, askers{kShards};
  std::unique_ptr<NameServer> server;
  std::unique_ptr<dns::LiveResolver> resolver;
};

net::Task<void> ask_in_turn(dns::Resolver* resolver, int count, int from) {
  for (int i = 0; i < count; ++i) {
    const auto name = dns::Name::parse(fmt::format("host{}.example.", (from + i) % kNames));
    const auto answer = co_await resolver->ask({*name, dns::Type::mx}, net::Deadline::in(std::chrono::seconds(30)));
    if (!answer) std::abort();
  }
}

net::Task<void> ask_side_by_side(dns::Resolver* resolver, int tasks) {
  net::Scope all;
  for (int t = 0; t < tasks; ++t) all.spawn(ask_in_turn(resolver, kQuestions / tasks, t * kNames / tasks));
  co_await all.join();
}

void known(benchmark::State& state, bool cached) {
  World world;
  std::vector<std::unique_ptr<dns::CachingResolver>> caches;
  std::vector<dns::Resolver*> resolvers;
  for (int i = 0; i < kShards; ++i) {
    caches.push_back(std::make_unique<dns::CachingResolver>(*world.resolver));
    resolvers.push_back(cached ? static_cast<dns::Resolver*>(caches.back().get()) : world.resolver.get());
    run_on(world.askers.at(i), ask_in_turn(resolvers.back(), kNames, 0));
  }
  const int tasks = static_cast<int>(state.range(0));
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kShards; ++i)
      threads.emplace_back([&, i] { run_on(world.askers.at(i), ask_side_by_side(resolvers[i], tasks)); });
    for (std::thread& thread : threads) thread.join();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kShards * kQuestions);
  world.askers.stop();
}

BENCHMARK_CAPTURE(known, by_libunbound, false)->Arg(1)->Arg(50)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(known, by_shard, true)->Arg(1)->Arg(50)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chappe::agents::nameserver
