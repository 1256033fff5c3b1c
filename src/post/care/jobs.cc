#include "post/care/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "crypto/digest.h"

namespace chappe::post {
namespace {

constexpr Duration kFreezing = std::chrono::minutes(10);
constexpr std::size_t kMostName = 200;  // octets

// "20261125T214600.123456Z"
std::string generation_at(Time now) {
  std::string out = to_rfc3339(now);
  std::erase_if(out, [](char c) { return c == '-' || c == ':'; });
  return out;
}

Task<Result<std::shared_ptr<const store::Frozen>>> freeze(store::Store* store) {
  co_return co_await store->freeze(Deadline::in(kFreezing));
}

Task<Result<VerifyCounts>> run(Verify* verify) { co_return co_await verify->run({Steady::max()}); }

Task<Result<Repaired>> run(Repair* repair, Verify::OnFault on_fault) {
  co_return co_await repair->run(std::move(on_fault), {Steady::max()});
}

// A name that a file can have; a long one is told apart from others by its sum.
std::string file_name(const std::string& name) {
  if (name.size() <= kMostName) return name;
  return name.substr(0, kMostName) + "-" + crypto::sha256(name).hex().substr(0, 16);
}

// Writes a new file into the folder, so that it is there when the power comes back.
Result<void> set_aside(const std::string& folder, const std::string& name, ByteView octets) {
  store::Files& files = store::posix_files();
  TRY(store::make_folders(files, folder));
  const std::string path = folder + "/" + file_name(name);
  auto file = files.open(path, store::Files::Open::create);
  for (int n = 2; !file && file.error().code() == Errc::exists; ++n)
    file = files.open(fmt::format("{}.{}", path, n), store::Files::Open::create);
  if (!file) return std::unexpected(file.error());
  TRY((*file)->write(0, octets));
  TRY((*file)->sync());
  return files.sync_folder(folder);
}

}  // namespace

struct Jobs::State {
  explicit State(Clock& c) : clock(c) { news.ended = true; }

  Clock& clock;
  std::mutex mutex;  // guards what follows, but the thread
  std::uint64_t job = 0;
  JobNews news{};
  Steady looked{};
  bool stop = false;
  std::thread thread = {};

  template <class News>
  bool tell(News news_now) {
    std::lock_guard lock(mutex);
    news.state = std::move(news_now);
    return !stop && clock.steady() - looked < kAlone;
  }
  void found(const Finding& finding) {
    std::lock_guard lock(mutex);
    if (news.findings.size() < kFindings) news.findings.push_back(finding);
  }
};

Jobs::Jobs(store::Store& store, store::Commit& commit, Clock& clock, BesideStore beside)
    : store_(store), commit_(commit), clock_(clock), beside_(std::move(beside)), state_(new State(clock)) {}

Jobs::~Jobs() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  if (state_->thread.joinable()) state_->thread.join();
}

Result<std::uint64_t> Jobs::start(decltype(JobNews::state) state, Work work) {
  State& s = *state_;
  std::lock_guard lock(s.mutex);
  if (!s.news.ended || s.stop) return fail(Errc::busy, "the store is being verified or copied already");
  if (s.thread.joinable()) s.thread.join();  // it has ended
  s.news = JobNews{.state = std::move(state)};
  s.looked = clock_.steady();
  s.thread = std::thread([&s, work = std::move(work)] {
    auto done = work(s);
    std::lock_guard ending(s.mutex);
    if (!done) s.news.error = std::move(done.error());
    s.news.ended = true;
  });
  return ++s.job;
}

Result<std::uint64_t> Jobs::verify(VerifyOptions options) {
  return start(VerifyCounts{}, [this, options](State& s) -> Result<void> {
    Verify verify(
        store_.blocking(), options, [&s](const Finding& finding) { s.found(finding); },
        [&s](const VerifyCounts& counts) { return s.tell(counts); });
    s.tell(TRY(net::run(run(&verify))));  // what was found at the very end, too
    return {};
  });
}

Result<std::uint64_t> Jobs::backup(BackupOrder order) {
  BackupNews news{.generation = generation_at(clock_.now()), .progress = {}};
  return start(news, [this, order = std::move(order), news](State& s) mutable -> Result<void> {
    store::BackupOptions options{.destination = order.destination,
                                 .generation = news.generation,
                                 .extras = {},
                                 .keep = order.keep,
                                 .progress = {}};
    const Beside beside = TRY(beside_());
    options.extras = beside.files;
    news.configuration = beside.configuration;
    options.progress = [&s, &news](const store::BackupProgress& now) {
      news.progress = now;
      return s.tell(news);
    };
    const auto frozen = TRY(net::run(freeze(&store_.blocking())));
    news.progress = TRY(store::backup(*frozen, options));
    s.tell(news);
    return {};
  });
}

Result<std::uint64_t> Jobs::repair(std::string aside) {
  RepairNews begin{.aside = aside};
  return start(begin, [this, aside = std::move(aside), begin](State& s) -> Result<void> {
    RepairNews news = begin;
    Repair repair(
        store_.blocking(), commit_, clock_,
        [&](const std::string& name, ByteView octets) {
          ++news.taken;
          s.tell(news);
          return set_aside(aside, name, octets);
        },
        [&] { return s.tell(news); });
    const Repaired done = TRY(net::run(run(&repair, [&](const Finding& finding) {
      ++news.faults;
      s.found(finding);
      s.tell(news);
    })));
    news = {.aside = aside, .faults = done.faults, .taken = done.aside, .left = done.left};
    s.tell(news);
    return {};
  });
}

Result<JobNews> Jobs::look(std::uint64_t job, std::size_t after) {
  State& s = *state_;
  std::lock_guard lock(s.mutex);
  if (job != s.job || job == 0) return fail(Errc::not_found, "there is no such work any more");
  s.looked = clock_.steady();
  const auto& all = s.news.findings;
  const std::size_t first = std::min(after, all.size()), last = std::min(first + kPage, all.size());
  return JobNews{
      .state = s.news.state,
      .findings = {all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last)},
      .more = last < all.size(),
      .ended = s.news.ended,
      .error = s.news.error};
}

}  // namespace chappe::post
