#include "post/care/jobs.h"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <thread>

#include "base/text.h"

namespace chappe::post {
namespace {

constexpr Duration kFreezing = std::chrono::minutes(10);

// "20261125T214600Z"
std::string generation_at(Time now) {
  std::string out = to_rfc3339(Time{now.us / 1'000'000 * 1'000'000});
  std::erase_if(out, [](char c) { return c == '-' || c == ':'; });
  return out;
}

Task<Result<std::shared_ptr<const store::Frozen>>> freeze(store::Store* store) {
  co_return co_await store->freeze(Deadline::in(kFreezing));
}

Task<Result<void>> run(Verify* verify) {
  CO_TRY(co_await verify->run({Steady::max()}));
  co_return Result<void>();
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

Jobs::Jobs(store::Store& store, Clock& clock, BesideStore beside)
    : store_(store), clock_(clock), beside_(std::move(beside)), state_(new State(clock)) {}

Jobs::~Jobs() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  if (state_->thread.joinable()) state_->thread.join();
}

Result<std::uint64_t> Jobs::start(std::variant<VerifyCounts, BackupNews> state, Work work) {
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
  return start(VerifyCounts{}, [this, options](State& s) {
    Verify verify(
        store_.blocking(), options, [&s](const Finding& finding) { s.found(finding); },
        [&s](const VerifyCounts& counts) { return s.tell(counts); });
    return net::run(run(&verify));
  });
}

Result<std::uint64_t> Jobs::backup(BackupOrder order) {
  BackupNews begin{.generation = generation_at(clock_.now()), .progress = {}};
  return start(begin, [this, order = std::move(order), begin](State& s) -> Result<void> {
    store::BackupOptions options{.destination = order.destination,
                                 .generation = begin.generation,
                                 .extras = {},
                                 .keep = order.keep,
                                 .progress = {}};
    const Beside beside = TRY(beside_());
    options.extras = beside.files;
    options.progress = [&s, &begin](const store::BackupProgress& now) {
      return s.tell(BackupNews{begin.generation, now});
    };
    const auto frozen = TRY(net::run(freeze(&store_.blocking())));
    const auto done = TRY(store::backup(*frozen, options));
    s.tell(BackupNews{begin.generation, done});
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
