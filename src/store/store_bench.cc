// Durable commits per second: letters of 4 KiB (and of 100 KiB) from many submitters at once, each with three rows
// beside the body, through the commit service onto a real disk. Where: CHAPPE_BENCH_DIR, or the folder for temporary
// files.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "store/bodies.h"
#include "store/rocks.h"

namespace chappe::store {
namespace {

struct Shared {
  Store* store;
  Commit* commit;
  Bytes letter;
  std::uint64_t next = 0;
  std::uint64_t end = 0;
  std::uint64_t failed = 0;
};

net::Task<void> submitter(Shared* shared) {
  while (shared->next < shared->end) {
    const std::uint64_t n = shared->next++;
    BodyId id;
    for (std::size_t i = 0; i < 8; ++i) id.octets[i] = static_cast<char>(n >> (56 - 8 * i));
    auto draft =
        co_await draft_of(shared->store, id, ChunkList(shared->letter), Deadline::in(std::chrono::seconds(60)));
    if (!draft) {
      ++shared->failed;
      continue;
    }
    const auto r = co_await shared->commit->submit(
        [n, draft = std::move(*draft)](Txn& txn) -> Result<void> {
          TRY(Bodies::add(txn, draft, {}, 1));
          const auto account = static_cast<std::uint32_t>(1 + n % 100);
          txn.put(KeyWriter(account, Space::account).take(), Bytes(20, 'a'));
          txn.put(KeyWriter(account, Space::message).u32(1).u32(static_cast<std::uint32_t>(n)).take(), Bytes(70, 'm'));
          txn.put(KeyWriter(account, Space::change).u64(n).take(), Bytes(10, 'c'));
          return {};
        },
        Deadline::in(std::chrono::seconds(60)));
    if (!r) ++shared->failed;
  }
}

net::Task<void> run_all(Shared* shared, int submitters) {
  net::Scope scope;
  for (int i = 0; i < submitters; ++i) scope.spawn(submitter(shared));
  co_await scope.join();
}

void commits(benchmark::State& state) {
  const char* const where = std::getenv("CHAPPE_BENCH_DIR");
  std::string name =
      ((where ? std::filesystem::path(where) : std::filesystem::temp_directory_path()) / "chappe-bench-XXXXXX")
          .string();
  if (!::mkdtemp(name.data())) return state.SkipWithError("no folder for the store");
  {
    auto store = open_rocks({.path = name, .reserve = 0});
    if (!store) return state.SkipWithError(store.error().text().c_str());
    Commit commit(**store);
    Shared shared{store->get(), &commit, {}};
    // Not all the same octets: compression would flatter.
    std::uint64_t x = 88172645463325252ull;
    while (shared.letter.size() < static_cast<std::size_t>(state.range(0))) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      shared.letter.push_back(static_cast<char>(' ' + x % 64));
    }
    constexpr std::uint64_t kPortion = 2000;
    for (auto _ : state) {
      shared.end = shared.next + kPortion;
      net::run(run_all(&shared, static_cast<int>(state.range(1))));
    }
    commit.stop();
    if (shared.failed) state.SkipWithError("a commit failed");
    state.SetItemsProcessed(static_cast<std::int64_t>(shared.next));
    state.SetBytesProcessed(static_cast<std::int64_t>(shared.next * shared.letter.size()));
    const Commit::Counts counts = commit.counts();
    state.counters["changes/group"] = static_cast<double>(counts.changes) / static_cast<double>(counts.groups);
  }
  std::error_code ec;
  std::filesystem::remove_all(name, ec);
}
BENCHMARK(commits)->Args({4096, 1})->Args({4096, 8})->Args({4096, 64})->Args({102400, 64})->UseRealTime();

}  // namespace
}  // namespace chappe::store
