#include "net/task.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>

namespace chappe::net {
namespace {

thread_local Executor* t_current = nullptr;

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "chappe: bug: %s\n", what);
  std::abort();
}

std::function<void(const char*)>& failure_hook() {
  static std::function<void(const char*)> hook = [](const char* what) {
    std::fprintf(stderr, "chappe: a task ended with an exception: %s\n", what);
  };
  return hook;
}

Executor& here() {
  if (!t_current) broken("a wait outside of an executor");
  return *t_current;
}

}  // namespace

// --- timers

void TimerQueue::arm(Timer& timer, Steady when) {
  disarm(timer);
  timer.key_ = {when, seq_++};
  timer.armed_ = true;
  timers_.emplace(timer.key_, &timer);
}

void TimerQueue::disarm(Timer& timer) {
  if (!timer.armed_) return;
  timer.armed_ = false;
  timers_.erase(timer.key_);
}

void TimerQueue::fire_due(Steady now) {
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    Timer& timer = *timers_.begin()->second;
    disarm(timer);
    timer.fire();
  }
}

// --- executor

Executor* Executor::current() { return t_current; }
Executor::Enter::Enter(Executor* e) : before_(std::exchange(t_current, e)) {}
Executor::Enter::~Enter() { t_current = before_; }

void Executor::Inbox::post(Work work) {
  std::lock_guard lock(mutex_);
  if (to_) to_->post(std::move(work));
}

void Executor::close_inbox() {
  std::lock_guard lock(inbox_->mutex_);
  inbox_->to_ = nullptr;
}

Deadline Deadline::in(Duration span, Cancel* cancel) { return {here().clock().steady() + span, cancel}; }

Deadline Deadline::at_most(Duration span) const {
  const Steady limit = here().clock().steady() + span;
  return {when < limit ? when : limit, cancel};
}

bool Deadline::passed() const { return (cancel && cancel->cancelled()) || here().clock().steady() >= when; }

// --- cancel and wait

Cancel::~Cancel() {
  if (first_) broken("a Cancel was destroyed while somebody waits under it");
}

void Cancel::cancel() {
  cancelled_ = true;
  while (first_) first_->finish(Errc::cancelled);
}

bool Wait::await_suspend(std::coroutine_handle<> handle) {
  executor_ = &here();
  if (deadline_.cancel && deadline_.cancel->cancelled_) {
    error_ = Errc::cancelled;
    return false;
  }
  if (executor_->clock().steady() >= deadline_.when) {
    error_ = Errc::timeout;
    return false;
  }
  handle_ = handle;
  timer_.fire = [this] { finish(Errc::timeout); };
  executor_->arm(timer_, deadline_.when);
  if (deadline_.cancel) {
    next_ = deadline_.cancel->first_;
    if (next_) next_->previous_ = this;
    deadline_.cancel->first_ = this;
  }
  return true;
}

void Wait::leave() {
  executor_->disarm(timer_);
  if (Cancel* c = deadline_.cancel) {
    if (previous_) previous_->next_ = next_;
    if (next_) next_->previous_ = previous_;
    if (c->first_ == this) c->first_ = next_;
  }
}

void Wait::finish(std::optional<Errc> error) {
  if (!handle_) return;
  leave();
  unlink();
  error_ = error;
  auto handle = std::exchange(handle_, nullptr);
  executor_->post([handle] { handle.resume(); });
}

Result<void> Wait::await_resume() const {
  if (!error_) return {};
  return fail(*error_, "{}", *error_ == Errc::timeout ? "the time for it is over" : "it is no longer wanted");
}

// --- event

Event::~Event() {
  if (first_) broken("an Event was destroyed while somebody waits for it");
}

void Event::set() {
  set_ = true;
  while (first_) first_->wait_->finish(std::nullopt);
}

void Event::Link::enter(Wait* wait) {
  wait_ = wait;
  previous_ = event_->last_;
  next_ = nullptr;
  (previous_ ? previous_->next_ : event_->first_) = this;
  event_->last_ = this;
}

void Event::Link::leave() {
  if (!wait_) return;
  wait_ = nullptr;
  (previous_ ? previous_->next_ : event_->first_) = next_;
  (next_ ? next_->previous_ : event_->last_) = previous_;
}

bool Event::Waiting::await_suspend(std::coroutine_handle<> handle) {
  if (!Wait::await_suspend(handle)) return false;
  link_.enter(this);
  return true;
}

bool Either::await_suspend(std::coroutine_handle<> handle) {
  if (!Wait::await_suspend(handle)) return false;
  a_.enter(this);
  b_.enter(this);
  return true;
}

// --- scope

struct Scope::Root {
  struct promise_type {
    Root get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { broken("an exception left the root of a task"); }
  };
};

Scope::Root Scope::run(Task<void> task, Scope* scope) {
  try {
    co_await std::move(task);
  } catch (const std::exception& e) {
    failure_hook()(e.what());
  } catch (...) {
    failure_hook()("of unknown type");
  }
  // The task's frame, with all it owns, goes before the scope hears that it is empty.
  {
    const Task<void> gone = std::move(task);
  }
  scope->done();
}

Scope::~Scope() {
  if (live_) broken("a Scope was destroyed while its tasks run");
}

void Scope::spawn(Task<void> task) {
  ++live_;
  run(std::move(task), this);
}

void Scope::done() {
  if (--live_ == 0 && joiner_) {
    auto joiner = std::exchange(joiner_, nullptr);
    here().post([joiner] { joiner.resume(); });
  }
}

Task<void> Scope::join() {
  struct Joining {
    Scope* scope;
    bool await_ready() const noexcept { return scope->live_ == 0; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { scope->joiner_ = h; }
    void await_resume() const noexcept {}
  };
  while (live_) co_await Joining{this};
}

void set_task_failure_hook(std::function<void(const char*)> hook) { failure_hook() = std::move(hook); }

void Yield::await_suspend(std::coroutine_handle<> handle) const {
  here().post([handle] { handle.resume(); });
}

void SwitchTo::await_suspend(std::coroutine_handle<> handle) const {
  to->post([handle] { handle.resume(); });
}

// --- local executor

struct LocalExecutor::Queue {
  std::mutex mutex;
  std::condition_variable more;
  std::deque<Work> work;
};

LocalExecutor::LocalExecutor() : queue_(std::make_unique<Queue>()), clock_(&system_clock()) {}
LocalExecutor::LocalExecutor(ManualClock& clock) : queue_(std::make_unique<Queue>()), clock_(&clock), manual_(&clock) {}
LocalExecutor::~LocalExecutor() {
  close_inbox();
  poll();
}

void LocalExecutor::post(Work work) {
  std::lock_guard lock(queue_->mutex);
  queue_->work.push_back(std::move(work));
  queue_->more.notify_one();
}

std::size_t LocalExecutor::poll() {
  const Enter enter(this);
  std::size_t ran = 0;
  for (;;) {
    timers_.fire_due(clock_->steady());
    std::deque<Work> ready;
    {
      std::lock_guard lock(queue_->mutex);
      ready.swap(queue_->work);
    }
    if (ready.empty()) return ran;
    for (Work& work : ready) work();
    ran += ready.size();
  }
}

void LocalExecutor::drive(const std::function<bool()>& done) {
  for (;;) {
    poll();
    if (done()) return;
    if (manual_ && !timers_.empty()) {
      std::unique_lock lock(queue_->mutex);
      // Another thread may be about to post; it gets a moment of real time before virtual time moves on.
      if (queue_->more.wait_for(lock, std::chrono::milliseconds(1), [&] { return !queue_->work.empty(); })) continue;
      lock.unlock();
      manual_->advance(std::max(Duration(0), timers_.next() - manual_->steady()));
      continue;
    }
    std::unique_lock lock(queue_->mutex);
    const auto some = [&] { return !queue_->work.empty(); };
    if (timers_.empty()) {
      queue_->more.wait(lock, some);
    } else {
      queue_->more.wait_until(lock, timers_.next(), some);
    }
  }
}

}  // namespace chappe::net
