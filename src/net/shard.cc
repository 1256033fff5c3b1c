#include "net/shard.h"

#include <sys/resource.h>

#include <asio.hpp>
#include <csignal>
#include <deque>

namespace chappe::net {
namespace {

thread_local Shard* t_shard = nullptr;

// How many pieces of work run before the loop looks at its descriptors again.
constexpr std::size_t kTurn = 256;

// What this thread has used so far.
struct Usage {
  Duration processor{0};
  long waits = 0;  // how often it gave the processor away to wait for something

  static Usage now() {
    rusage u{};
    getrusage(RUSAGE_THREAD, &u);
    const auto of = [](const timeval& t) { return std::chrono::seconds(t.tv_sec) + Duration(t.tv_usec); };
    return {of(u.ru_utime) + of(u.ru_stime), u.ru_nvcsw};
  }
};

Shard::Stall cause_of(const Usage& before, const Usage& after) {
  if (after.processor - before.processor >= kStall) return Shard::Stall::busy;
  return after.waits > before.waits ? Shard::Stall::blocked : Shard::Stall::preempted;
}

}  // namespace

struct Shard::Loop {
  asio::io_context context{1};
  std::deque<Work> ready;  // own thread only
  std::mutex mutex;
  std::deque<Work> posted;  // by other threads
  bool asleep = false;      // under the mutex: somebody must wake the loop
};

Shard::Shard(std::size_t index, Clock& clock) : index_(index), clock_(clock), loop_(std::make_unique<Loop>()) {}

Shard::~Shard() {
  close_inbox();
  // What was posted after the loop ended is destroyed unrun, where its owner would look for it.
  const Enter enter(this);
  loop_->posted.clear();
}

Shard* Shard::current() { return t_shard; }

void Shard::start() {
  thread_ = std::thread([this] { turn_loop(); });
}

void Shard::post(Work work) {
  if (t_shard == this) {
    loop_->ready.push_back(std::move(work));
    return;
  }
  bool wake = false;
  {
    std::lock_guard lock(loop_->mutex);
    loop_->posted.push_back(std::move(work));
    wake = std::exchange(loop_->asleep, false);
  }
  if (wake) asio::post(loop_->context, [] {});
}

std::size_t Shard::run_ready() {
  if (loop_->ready.empty()) return 0;
  std::size_t ran = 0;
  Usage used = Usage::now();
  Steady before = clock_.steady();
  while (!loop_->ready.empty() && ran < kTurn) {
    Work work = std::move(loop_->ready.front());
    loop_->ready.pop_front();
    work();
    ++ran;
    const Steady after = clock_.steady();
    const Duration took = after - before;
    before = after;
    if (took.count() > longest_us_.load(std::memory_order_relaxed))
      longest_us_.store(took.count(), std::memory_order_relaxed);
    if (took <= kStall) continue;
    const Usage now = Usage::now();
    stalls_[static_cast<std::size_t>(cause_of(used, now))].fetch_add(1, std::memory_order_relaxed);
    used = now;
  }
  return ran;
}

void Shard::turn_loop() {
  const Enter enter(this);
  t_shard = this;
  auto guard = asio::make_work_guard(loop_->context);
  for (;;) {
    timers_.fire_due(clock_.steady());
    run_ready();
    bool idle = false;
    {
      std::lock_guard lock(loop_->mutex);
      for (Work& work : loop_->posted) loop_->ready.push_back(std::move(work));
      loop_->posted.clear();
      idle = loop_->ready.empty();
      loop_->asleep = idle;
    }
    if (!idle) {
      loop_->context.poll();
      continue;
    }
    if (stopping_) break;
    if (timers_.empty()) {
      loop_->context.run_one();
    } else {
      loop_->context.run_one_until(timers_.next());
    }
    loop_->context.poll();
    std::lock_guard lock(loop_->mutex);
    loop_->asleep = false;
  }
  t_shard = nullptr;
}

void Shard::drain() {
  post([this] {
    draining_ = true;
    for (Member* m = members_; m; m = m->next_) m->cancel_.cancel();
  });
}

void Shard::wait_empty() {
  struct Watch {
    static Task<void> go(Shard* shard, std::shared_ptr<std::atomic<bool>> empty) {
      co_await shard->tasks_.join();
      empty->store(true, std::memory_order_release);
      empty->notify_one();
    }
  };
  auto empty = std::make_shared<std::atomic<bool>>(false);
  post([this, empty] { watchers_.spawn(Watch::go(this, empty)); });
  empty->wait(false, std::memory_order_acquire);
}

void Shard::stop() {
  post([this] { stopping_ = true; });
}

Shard::Member::Member(Shard& shard, Cancel& cancel) : shard_(shard), cancel_(cancel) {
  next_ = shard_.members_;
  if (next_) next_->previous_ = this;
  shard_.members_ = this;
  if (shard_.draining_) cancel_.cancel();
}

Shard::Member::~Member() {
  if (previous_) previous_->next_ = next_;
  if (next_) next_->previous_ = previous_;
  if (shard_.members_ == this) shard_.members_ = next_;
}

Shards::Shards(std::size_t count, Clock& clock) {
  // OpenSSL writes with write(2): a client that goes away would end the process.
  std::signal(SIGPIPE, SIG_IGN);
  for (std::size_t i = 0; i < (count ? count : 1); ++i) shards_.push_back(std::make_unique<Shard>(i, clock));
  for (auto& s : shards_) s->start();
}

Shards::~Shards() { stop(); }

void Shards::drain() {
  for (auto& s : shards_) s->drain();
}

void Shards::stop() {
  if (std::exchange(stopped_, true)) return;
  drain();
  // A session may be running away from the shard that it was born on, so every loop runs until all tasks have ended.
  for (auto& s : shards_) s->wait_empty();
  for (auto& s : shards_) s->stop();
  for (auto& s : shards_) s->thread_.join();
}

// --- descriptors

struct FdWatch::State {
  State(Shard& s, int fd) : shard(s), descriptor(s.loop_->context) {
    asio::error_code error;
    descriptor.assign(fd, error);
    broken = static_cast<bool>(error);
  }

  void arm(asio::posix::stream_descriptor::wait_type type, Event& event, bool& armed,
           const std::shared_ptr<State>& self) {
    if (armed) return;
    if (broken) {
      event.set();
      return;
    }
    event.reset();
    armed = true;
    descriptor.async_wait(type, [self, &event, &armed](const asio::error_code&) {
      armed = false;
      event.set();
    });
  }

  Shard& shard;
  asio::posix::stream_descriptor descriptor;
  Event read_event, write_event;
  bool read_armed = false, write_armed = false;
  bool broken = false;
};

FdWatch::FdWatch(Shard& shard, int fd) : state_(std::make_shared<State>(shard, fd)) {}
FdWatch::FdWatch(FdWatch&&) noexcept = default;
FdWatch& FdWatch::operator=(FdWatch&& o) noexcept {
  std::swap(state_, o.state_);
  return *this;
}
FdWatch::~FdWatch() {
  // The pending waits end with an error, later, on the loop; they hold the state until then.
  if (state_ && !state_->broken) (void)state_->descriptor.release();
}

Event& FdWatch::readable() {
  state_->arm(asio::posix::stream_descriptor::wait_read, state_->read_event, state_->read_armed, state_);
  return state_->read_event;
}

Event& FdWatch::writable() {
  state_->arm(asio::posix::stream_descriptor::wait_write, state_->write_event, state_->write_armed, state_);
  return state_->write_event;
}

}  // namespace chappe::net
