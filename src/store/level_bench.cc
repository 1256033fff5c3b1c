// Durable letters per second at the level of the store, in one run: short rounds that take turns, so that what else the
// machine does meets all of them.
//
//   log     the ground: letters behind one another in never-written space, one fdatasync for all that wait
//   files   a file for each letter, synced, and its folder
//   store   what the server does: a draft, a Change with three rows beside the body, the commit service, RocksDB and
//           the log
//
// Where: CHAPPE_BENCH_DIR, or the folder for temporary files. CHAPPE_BENCH_ROUNDS: rounds of each (12).
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include "base/random.h"
#include "store/bodies.h"
#include "store/rocks.h"

namespace chappe::store {
namespace {

constexpr double kRound = 0.25;  // seconds

using Instant = std::chrono::steady_clock::time_point;
double seconds_since(Instant t) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count(); }
Deadline soon() { return Deadline{system_clock().steady() + std::chrono::seconds(60)}; }

[[noreturn]] void give_up(std::string_view why) {
  fmt::print(stderr, "the benchmark cannot go on: {}\n", why);
  std::_Exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().describe());
  return unwrap(std::move(result));
}

Bytes some_octets(std::size_t size) {
  // Not all the same: compression would flatter.
  SeededRandom random(1);
  Bytes out = random.bytes(size);
  for (char& c : out) c = static_cast<char>(' ' + (static_cast<unsigned char>(c) & 63));
  return out;
}

class Folder {
 public:
  Folder() {
    const char* const where = std::getenv("CHAPPE_BENCH_DIR");
    path = ((where ? std::filesystem::path(where) : std::filesystem::temp_directory_path()) / "chappe-bench-XXXXXX")
               .string();
    if (!::mkdtemp(path.data())) give_up("no folder");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
  std::string path;
};

struct Figures {
  double rate = 0;
  double cpu = 0;   // microseconds a letter
  double disk = 0;  // octets a letter, as the kernel counts what this process writes
};

double cpu_seconds() {
  rusage u;
  ::getrusage(RUSAGE_SELF, &u);
  return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

double disk_octets() {
  std::ifstream in("/proc/self/io");
  for (std::string key, value; in >> key >> value;)
    if (key == "write_bytes:") return std::stod(value);
  return 0;
}

class Meter {
 public:
  Figures read(std::uint64_t letters) const {
    const auto n = static_cast<double>(letters);
    return {n / seconds_since(began_), (cpu_seconds() - cpu_) * 1e6 / n, (disk_octets() - disk_) / n};
  }
  bool going() const { return seconds_since(began_) < kRound; }

 private:
  const Instant began_ = std::chrono::steady_clock::now();
  const double cpu_ = cpu_seconds();
  const double disk_ = disk_octets();
};

// A way to keep letters: so many writers for a round; each one's next letter begins when its last one is durable.
class Way {
 public:
  virtual ~Way() = default;
  virtual Figures round(int writers) = 0;
};

class LogWay final : public Way {
 public:
  LogWay(const std::string& folder, const Bytes& octets) : folder_(folder), octets_(octets) {
    must(make_folders(posix_files(), folder));
    next_file();
  }
  Figures round(int writers) override {
    std::thread syncing([this] { sync_loop(); });
    const Meter meter;
    std::uint64_t begun = 0;
    synced_ = written_ = 0;
    std::unique_lock lock(mutex_);
    while (meter.going()) {
      for (const std::uint64_t most = synced_ + static_cast<std::uint64_t>(writers); begun < most;) {
        lock.unlock();
        write();
        lock.lock();
        written_ = ++begun;
        changed_.notify_all();
      }
      changed_.wait(lock, [&] { return begun < synced_ + static_cast<std::uint64_t>(writers); });
    }
    changed_.wait(lock, [&] { return synced_ == begun; });
    const Figures out = meter.read(begun);
    ended_ = true;
    changed_.notify_all();
    lock.unlock();
    syncing.join();
    ended_ = false;
    return out;
  }

 private:
  static constexpr std::uint64_t kSize = 256 * 1024 * 1024;

  void write() {
    if (offset_ + octets_.size() > kSize) {
      must(file_->sync());
      next_file();
    }
    must(file_->write(offset_, octets_));
    offset_ += octets_.size();
  }
  void sync_loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return ended_ || written_ > synced_; });
      if (ended_) return;
      const std::uint64_t reached = written_;
      const auto file = file_;
      lock.unlock();
      must(file->sync());
      lock.lock();
      synced_ = reached;
      changed_.notify_all();
    }
  }
  void next_file() {
    const std::string name = fmt::format("{}/{}", folder_, ++number_);
    std::shared_ptr<File> file = must(posix_files().open(name, Files::Open::create));
    must(file->allocate(kSize));
    must(file->sync());
    must(posix_files().sync_folder(folder_));
    // A bench must not fill the disk.
    if (number_ > 2) must(posix_files().remove(fmt::format("{}/{}", folder_, number_ - 2)));
    offset_ = 0;
    std::lock_guard lock(mutex_);
    file_ = std::move(file);
  }

  const std::string folder_;
  const Bytes& octets_;
  std::uint64_t number_ = 0, offset_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<File> file_;
  std::uint64_t written_ = 0, synced_ = 0;
  bool ended_ = false;
};

// A thread for each writer: that is how it is done.
class FilesWay final : public Way {
 public:
  FilesWay(const std::string& folder, const Bytes& octets) : folder_(folder), octets_(octets) {
    must(make_folders(posix_files(), folder));
  }
  Figures round(int writers) override {
    const std::uint64_t before = number_;
    std::vector<std::thread> threads;
    const Meter meter;
    for (int i = 0; i < writers; ++i)
      threads.emplace_back([&] {
        while (meter.going()) {
          const std::string name = fmt::format("{}/{}", folder_, ++number_);
          const auto file = must(posix_files().open(name, Files::Open::create));
          must(file->write(0, octets_));
          must(file->sync());
          must(posix_files().sync_folder(folder_));
        }
      });
    for (auto& t : threads) t.join();
    return meter.read(number_ - before);
  }

 private:
  const std::string folder_;
  const Bytes& octets_;
  std::atomic<std::uint64_t> number_ = 0;
};

class StoreWay final : public Way {
 public:
  StoreWay(const std::string& folder, const Bytes& octets)
      : octets_(octets), store_(must(open_rocks({.path = folder, .reserve = 0}))), commit_(*store_) {}
  Figures round(int writers) override {
    const std::uint64_t before = number_;
    const Meter meter;
    net::run(all(this, writers, &meter));
    return meter.read(number_ - before);
  }
  std::uint64_t changes_per_group() const {
    const Commit::Counts c = commit_.counts();
    return c.groups ? c.changes / c.groups : 0;
  }

 private:
  static net::Task<void> all(StoreWay* self, int writers, const Meter* meter) {
    net::Scope scope;
    for (int i = 0; i < writers; ++i) scope.spawn(writer(self, meter));
    co_await scope.join();
  }
  static net::Task<void> writer(StoreWay* self, const Meter* meter) {
    while (meter->going()) {
      const std::uint64_t n = ++self->number_;
      BodyId id;
      for (std::size_t i = 0; i < 8; ++i) id.octets[i] = static_cast<char>(n >> (56 - 8 * i));
      auto draft = must(co_await draft_of(self->store_.get(), id, ChunkList(self->octets_), soon()));
      must(co_await self->commit_.submit(
          [n, draft = std::move(draft)](Txn& txn) -> Result<void> {
            TRY(Bodies::add(txn, draft, {}, 1));
            const auto account = static_cast<std::uint32_t>(1 + n % 100);
            txn.put(KeyWriter(account, Space::account).take(), Bytes(20, 'a'));
            txn.put(KeyWriter(account, Space::message).u32(1).u32(static_cast<std::uint32_t>(n)).take(),
                    Bytes(70, 'm'));
            txn.put(KeyWriter(account, Space::change).u64(n).take(), Bytes(10, 'c'));
            return {};
          },
          soon()));
    }
  }

  const Bytes& octets_;
  std::unique_ptr<Store> store_;
  Commit commit_;
  std::uint64_t number_ = 0;
};

double median(std::vector<double> v) {
  std::ranges::sort(v);
  return v[v.size() / 2];
}

double mean(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

int rounds() {
  const char* const v = std::getenv("CHAPPE_BENCH_ROUNDS");
  return v ? std::max(1, std::atoi(v)) : 12;
}

// Range 0 is the size of letters, range 1 how many writers there are.
void level(benchmark::State& state) {
  const Bytes octets = some_octets(static_cast<std::size_t>(state.range(0)));
  const int writers = static_cast<int>(state.range(1));
  std::map<std::string, std::vector<double>> rate, ratio, cpu, disk;
  for (auto _ : state) {
    const Folder folder;
    LogWay log(folder.path + "/log", octets);
    FilesWay files(folder.path + "/files", octets);
    StoreWay store(folder.path + "/store", octets);
    const std::vector<std::pair<std::string, Way*>> ways{{"log", &log}, {"files", &files}, {"store", &store}};
    for (int round = 0; round < rounds(); ++round) {
      std::map<std::string, double> now;
      for (std::size_t i = 0; i < ways.size(); ++i) {
        const auto& [name, way] = ways[(i + static_cast<std::size_t>(round)) % ways.size()];
        const Figures f = way->round(writers);
        now[name] = f.rate;
        rate[name].push_back(f.rate);
        cpu[name].push_back(f.cpu);
        disk[name].push_back(f.disk);
      }
      for (const auto& [name, way] : ways) ratio[name].push_back(now[name] / now["log"]);
    }
    state.counters["changes/group"] = static_cast<double>(store.changes_per_group());
  }
  for (const auto& [name, rates] : rate) {
    state.counters[name + "/s"] = median(rates);
    state.counters[name + " cpu us"] = median(cpu[name]);
    state.counters[name + " disk"] = mean(disk[name]);
    if (name != "log") state.counters[name + ":log"] = median(ratio[name]);
  }
}
BENCHMARK(level)
    ->Args({4096, 64})
    ->Args({4096, 1})
    ->Args({102400, 64})
    ->Args({102400, 1})
    ->Args({300, 64})
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();

}  // namespace
}  // namespace chappe::store
