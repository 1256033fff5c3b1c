// Durable letters per second at the level of the store, of four ways to keep them, in one run: short rounds that take
// turns, so that what else the machine does meets all of them. docs/decisions/0003-store-engine.md has the figures.
//
//   log     the ground: letters behind one another in never-written space, one fdatasync for all that wait
//   files   a file for each letter, synced, and its folder
//   two     letters above 16 KiB into the log, synced; then the metadata, and smaller letters, into RocksDB with a log
//   of
//           its own, synced: two stages, pipelined
//   one     letters into the log, the metadata behind them in the same log, one sync; then RocksDB without its log
//   rows    like `one`, but letters up to 16 KiB are rows of the metadata
//
// A letter has four rows: of the body, the account, the mailbox entry and the feed. Where: CHAPPE_BENCH_DIR, or the
// folder for temporary files. CHAPPE_BENCH_ROUNDS: rounds of each (12).
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "store/keys.h"
#include "store/log.h"
#include "store/rocks.h"
#include "store/rocks_env.h"

namespace chappe::store {
namespace {

using Instant = std::chrono::steady_clock::time_point;
double seconds_since(Instant t) { return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count(); }

[[noreturn]] void give_up(std::string_view why) {
  fmt::print(stderr, "the benchmark cannot go on: {}\n", why);
  std::_Exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().describe());
  return unwrap(std::move(result));
}
void must(const rocksdb::Status& s) {
  if (!s.ok()) give_up(s.ToString());
}

struct Letter {
  std::uint64_t number = 0;
  std::unique_ptr<LetterWriter> writer;
  std::vector<Extent> extents;
};
using Group = std::vector<Letter*>;

// A way to keep letters. arrive() runs on the thread of the shard, a stage on a thread of its own; when the last stage
// is through with a group, it is durable.
class Way {
 public:
  virtual ~Way() = default;
  virtual void arrive(Letter&) {}
  virtual std::vector<std::function<void(Group&)>> stages() = 0;
};

Bytes some_octets(std::size_t size) {
  // Not all the same: compression would flatter.
  SeededRandom random(1);
  Bytes out = random.bytes(size);
  for (char& c : out) c = static_cast<char>(' ' + (static_cast<unsigned char>(c) & 63));
  return out;
}

Identity identity(std::uint64_t number) {
  Identity id{};
  for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<char>(number >> (56 - 8 * i));
  return id;
}

constexpr std::size_t kSeparate = 16 * 1024;  // a value that RocksDB keeps out of compaction

rocksdb::Options rocks_options() {
  rocksdb::Options o;
  o.create_if_missing = true;
  o.max_background_jobs = 2;
  o.write_buffer_size = 64 * 1024 * 1024;
  o.max_write_buffer_number = 2;
  o.level_compaction_dynamic_level_bytes = true;
  o.compression = rocksdb::kLZ4Compression;
  o.enable_blob_files = true;
  o.min_blob_size = kSeparate;
  o.info_log_level = rocksdb::WARN_LEVEL;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

rocksdb::Env* our_env() {
  static const auto env = make_rocks_env(posix_files());
  return env.get();
}

// `env`: RocksDB's own files when null.
std::unique_ptr<rocksdb::DB> open_db(const std::string& path, rocksdb::Env* env = our_env()) {
  rocksdb::Options o = rocks_options();
  if (env) o.env = env;
  rocksdb::DB* db = nullptr;
  must(rocksdb::DB::Open(o, path, &db));
  return std::unique_ptr<rocksdb::DB>(db);
}

const Bytes kMarkKey = KeyWriter(kSystemAccount, Space::settings).rest("log").take();

void add_rows(rocksdb::WriteBatch& batch, const Letter& letter) {
  const auto account = static_cast<std::uint32_t>(1 + letter.number % 100);
  const Identity id = identity(letter.number);
  must(batch.Put(KeyWriter(kSystemAccount, Space::body).rest({id.data(), id.size()}).take(),
                 Bytes(10 + 12 * letter.extents.size(), 'b')));
  must(batch.Put(KeyWriter(account, Space::account).take(), Bytes(20, 'a')));
  must(batch.Put(KeyWriter(account, Space::message).u32(1).u32(static_cast<std::uint32_t>(letter.number)).take(),
                 Bytes(70, 'm')));
  must(batch.Put(KeyWriter(account, Space::change).u64(letter.number).take(), Bytes(10, 'c')));
}
void add_body_row(rocksdb::WriteBatch& batch, const Letter& letter, const Bytes& octets) {
  const Identity id = identity(letter.number);
  must(batch.Put(KeyWriter(kSystemAccount, Space::body_piece).rest({id.data(), id.size()}).u32(0).take(), octets));
}

std::unique_ptr<Log> open_log(const std::string& folder, LogMark have = {}, const Log::Replay& replay = {}) {
  return must(Log::open({.files = &posix_files(), .folder = folder}, have, replay));
}

class LogWay final : public Way {
 public:
  LogWay(const std::string& folder, const Bytes& octets) : folder_(folder), octets_(octets) {
    must(make_folders(posix_files(), folder));
    next_file();
  }
  // The writer puts its letter where it belongs.
  void arrive(Letter&) override {
    std::lock_guard lock(mutex_);
    if (offset_ + octets_.size() > kSize) {
      must(file_->sync());
      next_file();
    }
    must(file_->write(offset_, octets_));
    offset_ += octets_.size();
  }
  std::vector<std::function<void(Group&)>> stages() override {
    return {[this](Group&) {
      std::shared_ptr<File> file;
      {
        std::lock_guard lock(mutex_);
        file = file_;
      }
      must(file->sync());
    }};
  }

 private:
  static constexpr std::uint64_t kSize = 256 * 1024 * 1024;
  void next_file() {
    const std::string name = fmt::format("{}/{}", folder_, ++number_);
    file_ = must(posix_files().open(name, Files::Open::create));
    must(file_->allocate(kSize));
    must(file_->sync());
    must(posix_files().sync_folder(folder_));
    if (number_ > 2) must(posix_files().remove(fmt::format("{}/{}", folder_, number_ - 2)));
    offset_ = 0;
  }
  const std::string folder_;
  const Bytes& octets_;
  std::mutex mutex_;
  std::shared_ptr<File> file_;
  std::uint64_t number_ = 0, offset_ = 0;
};

// What is written into the log is not kept: a bench must not fill the disk.
void forget_old(Log& log, LogMark mark) {
  log.set_applied(mark);
  for (const auto& s : log.segments())
    if (s.removable) must(log.remove(s.number));
}

class TwoWay final : public Way {
 public:
  TwoWay(const std::string& folder, const Bytes& octets, rocksdb::Env* env = our_env())
      : octets_(octets), log_(open_log(folder + "/log")), db_(open_db(folder + "/db", env)) {}
  void arrive(Letter& letter) override {
    if (!large()) return;
    letter.writer = std::make_unique<LetterWriter>(*log_, identity(letter.number));
    must(letter.writer->append(ChunkList(octets_)));
    letter.extents = *must(letter.writer->finish());
  }
  std::vector<std::function<void(Group&)>> stages() override {
    std::vector<std::function<void(Group&)>> out;
    if (large())
      out.emplace_back([this](Group&) {
        must(log_->sync());
        // There are no batches; the end will do.
        const auto last = log_->segments().back();
        forget_old(*log_, {log_->id(), ++forgotten_, {last.number, last.end}});
      });
    out.emplace_back([this](Group& group) {
      rocksdb::WriteBatch batch;
      for (Letter* l : group) {
        add_rows(batch, *l);
        if (!large()) add_body_row(batch, *l, octets_);
        if (l->writer) l->writer->kept();
        l->writer.reset();
      }
      rocksdb::WriteOptions o;
      o.sync = true;
      must(db_->Write(o, &batch));
    });
    return out;
  }

 private:
  bool large() const { return octets_.size() > kSeparate; }
  const Bytes& octets_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t forgotten_ = 0;
};

class OneWay final : public Way {
 public:
  OneWay(const std::string& folder, const Bytes& octets, bool rows)
      : octets_(octets),
        rows_(rows && octets.size() <= kSeparate),
        log_(open_log(folder + "/log")),
        db_(open_db(folder + "/db")) {}
  void arrive(Letter& letter) override {
    if (rows_) return;
    letter.writer = std::make_unique<LetterWriter>(*log_, identity(letter.number));
    must(letter.writer->append(ChunkList(octets_)));
    letter.extents = *must(letter.writer->finish());
  }
  std::vector<std::function<void(Group&)>> stages() override {
    return {[this](Group& group) {
      rocksdb::WriteBatch batch;
      for (Letter* l : group) {
        add_rows(batch, *l);
        if (rows_) add_body_row(batch, *l, octets_);
      }
      const ByteView octets = batch.Data();
      const LogMark mark = must(log_->append_batch(std::span(&octets, 1)));
      must(log_->sync());
      for (Letter* l : group) {
        if (l->writer) l->writer->kept();
        l->writer.reset();
      }
      must(batch.Put(kMarkKey, mark.encode()));
      rocksdb::WriteOptions o;
      o.disableWAL = true;
      must(db_->Write(o, &batch));
      if (++groups_ % 1000 == 0) forget_old(*log_, flushed());
    }};
  }

 private:
  LogMark flushed() {
    rocksdb::ReadOptions o;
    o.read_tier = rocksdb::kPersistedTier;
    std::string value;
    const auto s = db_->Get(o, kMarkKey, &value);
    if (s.IsNotFound()) return {};
    must(s);
    return must(LogMark::decode(value));
  }
  const Bytes& octets_;
  const bool rows_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t groups_ = 0;
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
  Figures read(double letters) const {
    return {letters / seconds_since(began_), (cpu_seconds() - cpu_) * 1e6 / letters, (disk_octets() - disk_) / letters};
  }

 private:
  const Instant began_ = std::chrono::steady_clock::now();
  const double cpu_ = cpu_seconds();
  const double disk_ = disk_octets();
};

template <class T>
class Queue {
 public:
  void push(std::vector<T>& items) {
    {
      std::lock_guard lock(mutex_);
      items_.insert(items_.end(), items.begin(), items.end());
    }
    more_.notify_one();
  }
  // All there is; waits for something. Empty: closed.
  std::vector<T> take() {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return std::exchange(items_, {});
  }
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    more_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<T> items_;
  bool closed_ = false;
};

// `writers` letters are on their way at any time: each one's successor begins when it is durable.
Figures measure(Way& way, int writers, double seconds) {
  static std::uint64_t number = 0;
  const auto stages = way.stages();
  std::vector<Queue<Letter*>> queues(stages.size() + 1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < stages.size(); ++i)
    threads.emplace_back([&, i] {
      for (;;) {
        Group group = queues[i].take();
        if (group.empty()) return;
        stages[i](group);
        queues[i + 1].push(group);
      }
    });
  std::vector<Letter> letters(static_cast<std::size_t>(writers));
  Group ready;
  for (Letter& l : letters) ready.push_back(&l);
  const Meter meter;
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  std::size_t out = 0;
  while (out > 0 || seconds_since(began) < seconds) {
    if (seconds_since(began) < seconds) {
      for (Letter* l : ready) {
        l->number = ++number;
        way.arrive(*l);
        std::vector<Letter*> one{l};
        queues.front().push(one);
        ++out;
      }
    }
    ready = out > 0 ? queues.back().take() : Group();
    done += ready.size();
    out -= ready.size();
  }
  const Figures figures = meter.read(static_cast<double>(done));
  for (auto& q : queues) q.close();
  for (auto& t : threads) t.join();
  return figures;
}

// A thread for each writer: that is how it is done.
Figures measure_files(const std::string& folder, const Bytes& octets, int writers, double seconds) {
  must(make_folders(posix_files(), folder));
  static std::atomic<std::uint64_t> number = 0;
  std::atomic<std::uint64_t> done = 0;
  std::vector<std::thread> threads;
  const Meter meter;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&] {
      while (seconds_since(began) < seconds) {
        const std::string name = fmt::format("{}/{}", folder, ++number);
        const auto file = must(posix_files().open(name, Files::Open::create));
        must(file->write(0, octets));
        must(file->sync());
        must(posix_files().sync_folder(folder));
        ++done;
      }
    });
  for (auto& t : threads) t.join();
  return meter.read(static_cast<double>(done));
}

class Folder {
 public:
  Folder() {
    const char* const where = std::getenv("CHAPPE_BENCH_DIR");
    path = ((where ? std::filesystem::path(where) : std::filesystem::temp_directory_path()) / "chappe-bench-XXXXXX")
               .string();
    if (!::mkdtemp(path.data())) give_up("no folder");
  }
  ~Folder() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
  std::string path;
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

double mean(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

int rounds() {
  const char* const v = std::getenv("CHAPPE_BENCH_ROUNDS");
  return v ? std::max(1, std::atoi(v)) : 12;
}

void level(benchmark::State& state) {
  constexpr double kRound = 0.25;
  const Bytes octets = some_octets(static_cast<std::size_t>(state.range(0)));
  const int writers = static_cast<int>(state.range(1));
  const std::vector<std::string> names{"log", "files", "two", "one", "rows"};
  std::map<std::string, std::vector<double>> rate, ratio, cpu, disk;
  for (auto _ : state) {
    const Folder folder;
    LogWay log(folder.path + "/bare", octets);
    TwoWay two(folder.path + "/two", octets);
    OneWay one(folder.path + "/one", octets, false);
    OneWay rows(folder.path + "/rows", octets, true);
    const std::map<std::string, Way*> ways{{"log", &log}, {"two", &two}, {"one", &one}, {"rows", &rows}};
    for (int round = 0; round < rounds(); ++round) {
      std::map<std::string, double> now;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string& name = names[(i + static_cast<std::size_t>(round)) % names.size()];
        const auto way = ways.find(name);
        const Figures f = way == ways.end() ? measure_files(folder.path + "/files", octets, writers, kRound)
                                            : measure(*way->second, writers, kRound);
        now[name] = f.rate;
        rate[name].push_back(f.rate);
        cpu[name].push_back(f.cpu);
        disk[name].push_back(f.disk);
      }
      for (const std::string& name : names) ratio[name].push_back(now[name] / now["log"]);
    }
  }
  for (const std::string& name : names) {
    state.counters[name + "/s"] = median(rate[name]);
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

// RocksDB with a log of its own, on its own files and on ours.
void rocks_files(benchmark::State& state) {
  const Bytes octets = some_octets(4096);
  std::vector<double> ratio, own, ours;
  for (auto _ : state) {
    const Folder folder;
    TwoWay a(folder.path + "/own", octets, rocksdb::Env::Default());
    TwoWay b(folder.path + "/ours", octets);
    for (int round = 0; round < 2 * rounds(); ++round) {
      const bool first = round % 2 == 0;
      const Figures f = measure(first ? static_cast<Way&>(a) : b, 64, 0.25);
      const Figures g = measure(first ? static_cast<Way&>(b) : a, 64, 0.25);
      own.push_back((first ? f : g).cpu);
      ours.push_back((first ? g : f).cpu);
      ratio.push_back((first ? g : f).rate / (first ? f : g).rate);
    }
  }
  state.counters["own cpu us"] = median(own);
  state.counters["ours cpu us"] = median(ours);
  state.counters["ours:own"] = median(ratio);
}
BENCHMARK(rocks_files)->Iterations(1)->Unit(benchmark::kSecond)->UseRealTime();

// From `kill -9` at full load to the first answer: range 0 is the size of letters, range 1 whether the log is one.
void open_after_kill(benchmark::State& state) {
  const Bytes octets = some_octets(static_cast<std::size_t>(state.range(0)));
  const bool one = state.range(1) != 0;
  for (auto _ : state) {
    const Folder folder;
    const ::pid_t child = ::fork();
    if (child == 0) {
      std::unique_ptr<Way> way;
      if (one)
        way = std::make_unique<OneWay>(folder.path, octets, false);
      else
        way = std::make_unique<TwoWay>(folder.path, octets);
      measure(*way, 64, 60);
      std::_Exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(4000 + 700 * (::getpid() % 7)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);

    const double cpu = cpu_seconds();
    const auto began = std::chrono::steady_clock::now();
    auto db = open_db(folder.path + "/db");
    state.counters["rocks s"] = seconds_since(began);
    if (one) {
      std::string value;
      const auto s = db->Get({}, kMarkKey, &value);
      std::uint64_t rows = 0;
      const auto log = open_log(folder.path + "/log", s.ok() ? must(LogMark::decode(value)) : LogMark{},
                                [&](const LogMark& mark, ByteView octets) {
                                  rocksdb::WriteBatch batch{std::string(octets)};
                                  must(batch.Put(kMarkKey, mark.encode()));
                                  rows += static_cast<std::uint64_t>(batch.Count());
                                  rocksdb::WriteOptions o;
                                  o.disableWAL = true;
                                  must(db->Write(o, &batch));
                                  return Result<void>();
                                });
      state.counters["replayed rows"] = static_cast<double>(rows);
      state.counters["replayed MB"] = static_cast<double>(log->counts().replayed_octets) / 1e6;
    }
    state.counters["first answer s"] = seconds_since(began);
    state.counters["cpu s"] = cpu_seconds() - cpu;
    db.reset();
  }
}
BENCHMARK(open_after_kill)
    ->Args({4096, 0})
    ->Args({4096, 1})
    ->Args({300, 1})
    ->Args({102400, 0})
    ->Args({102400, 1})
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->UseRealTime();

}  // namespace
}  // namespace chappe::store
