// The coroutine type, and what a coroutine may wait for. This is the one header of net/ that trust/, post/ and estate/
// include: nothing in it knows a socket or an event loop.
//
// A Task<T> is lazy: it starts when it is awaited (or spawned in a Scope) and is owned by exactly one awaiter. It runs
// on one Executor: a shard (net/shard.h), or a LocalExecutor for tests, fuzzers and the command line. Everything here
// but Executor::post, OneShot::Sender and Offload::try_submit belongs to the thread of its executor.
//
// Structured: no task outlives its Scope, and no suspended coroutine is ever destroyed; it is cancelled and runs to its
// end. Every wait takes a Deadline by value, which is a point in time and (optionally) a Cancel; when either comes
// first the wait returns Errc::timeout or Errc::cancelled.
//
// Rules that the compiler does not check (docs/decisions/0001-compiler.md): no capturing lambda as a coroutine, no
// reference or view parameter that outlives the caller's full expression, no lock held across co_await.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace chappe::net {

using Work = std::move_only_function<void()>;

// A callback at a time. Intrusive: the owner keeps it in place while it is armed.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  Work fire;
  bool armed() const { return armed_; }

 private:
  friend class TimerQueue;
  bool armed_ = false;
  std::pair<Steady, std::uint64_t> key_;
};

// The timers of one executor, in order of time. Not thread-safe.
class TimerQueue {
 public:
  void arm(Timer& timer, Steady when);
  void disarm(Timer& timer);
  bool empty() const { return timers_.empty(); }
  Steady next() const { return timers_.begin()->first.first; }
  // Takes the callbacks that are due off the queue and runs them.
  void fire_due(Steady now);

 private:
  std::map<std::pair<Steady, std::uint64_t>, Timer*> timers_;
  std::uint64_t seq_ = 0;
};

// Where coroutines run: one thread (at a time) with a queue of work and timers.
class Executor {
 public:
  virtual ~Executor() = default;
  // From any thread; the work runs later, on the executor's thread. Never refuses while the executor lives.
  virtual void post(Work work) = 0;
  virtual Clock& clock() const = 0;
  // Own thread only.
  virtual void arm(Timer& timer, Steady when) = 0;
  virtual void disarm(Timer& timer) = 0;

  // The executor whose work the calling thread is running; null outside of one.
  static Executor* current();

  // A way to post for who may outlive the executor: a pool that answers late. From any thread; once the executor has
  // gone, the work is destroyed unrun.
  class Inbox {
   public:
    explicit Inbox(Executor* to) : to_(to) {}
    void post(Work work);

   private:
    friend class Executor;
    std::mutex mutex_;
    Executor* to_;  // null: gone
  };
  const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

 protected:
  // The first thing in every form's destructor: whoever holds the inbox must not reach what is being destroyed.
  void close_inbox();

  // Marks this thread as running `e` for the guard's lifetime.
  class Enter {
   public:
    explicit Enter(Executor* e);
    ~Enter();
    Enter(const Enter&) = delete;
    Enter& operator=(const Enter&) = delete;

   private:
    Executor* before_;
  };

 private:
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>(this);
};

// The wish that something end early. Belongs to one executor at a time.
class Cancel {
 public:
  Cancel() = default;
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;
  ~Cancel();

  // Wakes every wait under it with Errc::cancelled, and every later one at once. Idempotent.
  void cancel();
  bool cancelled() const { return cancelled_; }

 private:
  friend class Wait;
  bool cancelled_ = false;
  class Wait* first_ = nullptr;
};

// Until when somebody wants to wait, and what may end that earlier. Passed by value.
struct Deadline {
  Steady when;
  Cancel* cancel = nullptr;

  // `span` from now, by the clock of the current executor.
  static Deadline in(Duration span, Cancel* cancel = nullptr);
  // The same cancel, at the latest `span` from now.
  Deadline at_most(Duration span) const;
  bool passed() const;
};

// One suspended coroutine that is resumed exactly once: by what it waits for, by its deadline, or by its Cancel.
// The base of every leaf that is awaited.
class Wait {
 public:
  explicit Wait(Deadline deadline) : deadline_(deadline) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  virtual ~Wait() = default;

  // Ends the wait with `error` (nothing: success); the coroutine resumes from the executor's queue. The first call
  // counts. Only on the executor's thread.
  void finish(std::optional<Errc> error);
  bool waiting() const { return handle_ != nullptr; }

  // Awaiter: suspends unless the deadline has passed already.
  bool await_ready() { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  Result<void> await_resume() const;

 protected:
  // Called when the wait ends, however it ends: unlinks it from what it waits for.
  virtual void unlink() = 0;

 private:
  friend class Cancel;
  void leave();

  Deadline deadline_;
  std::coroutine_handle<> handle_;
  Executor* executor_ = nullptr;
  Timer timer_;
  std::optional<Errc> error_;
  Wait* previous_ = nullptr;  // in deadline_.cancel
  Wait* next_ = nullptr;
};

// Something that has happened, or not yet. Waiting for what has happened returns at once. One executor.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();

  void set();
  void reset() { set_ = false; }
  bool is_set() const { return set_; }

  // A wait's place in an event's list.
  class Link {
   public:
    explicit Link(Event* event) : event_(event) {}
    void enter(Wait* wait);
    void leave();
    bool happened() const { return event_->set_; }

   private:
    friend class Event;
    Event* event_;
    Wait* wait_ = nullptr;
    Link* previous_ = nullptr;
    Link* next_ = nullptr;
  };

  class Waiting final : public Wait {
   public:
    Waiting(Event* event, Deadline deadline) : Wait(deadline), link_(event) {}
    bool await_ready() { return link_.happened(); }
    bool await_suspend(std::coroutine_handle<> handle);

   private:
    void unlink() override { link_.leave(); }
    Link link_;
  };
  // co_await event.wait(deadline) -> Result<void>. The event must outlive the wait.
  [[nodiscard]] Waiting wait(Deadline deadline) { return Waiting(this, deadline); }

 private:
  bool set_ = false;
  Link* first_ = nullptr;
  Link* last_ = nullptr;
};

// co_await either(a, b, deadline) -> Result<void>: until one of them has happened; is_set() tells which.
class Either final : public Wait {
 public:
  Either(Event& a, Event& b, Deadline deadline) : Wait(deadline), a_(&a), b_(&b) {}
  bool await_ready() { return a_.happened() || b_.happened(); }
  bool await_suspend(std::coroutine_handle<> handle);

 private:
  void unlink() override {
    a_.leave();
    b_.leave();
  }
  Event::Link a_, b_;
};
[[nodiscard]] inline Either either(Event& a, Event& b, Deadline deadline) { return Either(a, b, deadline); }

// co_await sleep(deadline): until its time, which is success; Errc::cancelled if its Cancel comes first.
class Sleep final : public Wait {
 public:
  explicit Sleep(Deadline deadline) : Wait(deadline) {}
  Result<void> await_resume() const {
    auto r = Wait::await_resume();
    if (!r && r.error().code() == Errc::timeout) return {};
    return r;
  }

 private:
  void unlink() override {}
};
[[nodiscard]] inline Sleep sleep(Deadline until) { return Sleep(until); }

template <class T = void>
class [[nodiscard]] Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::exception_ptr exception;  // of a library; our own failures are values

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
      return h.promise().continuation;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  Task(Task&& o) noexcept : handle_(std::exchange(o.handle_, nullptr)) {}
  Task& operator=(Task&& o) noexcept {
    std::swap(handle_, o.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> handle;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
      handle.promise().continuation = caller;
      return handle;
    }
    T await_resume() { return handle.promise().take(); }
  };
  // The task must stay alive until it is done: `co_await f()` and `co_await std::move(task)` both see to that.
  Awaiter operator co_await() && noexcept { return {handle_}; }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> h) : handle_(h) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// Children that end before it does. Its owner must `co_await scope.join()` (or see empty()) before destroying it.
// What a library throws inside a child ends the child and is handed to the failure hook.
class Scope {
 public:
  Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();

  // Starts `task` now, on the current executor; runs until its first wait.
  void spawn(Task<void> task);
  bool empty() const { return live_ == 0; }
  std::size_t size() const { return live_; }
  // Waits until every child has ended. Without deadline on purpose: cancel what the children wait for first.
  Task<void> join();

 private:
  struct Root;
  static Root run(Task<void> task, Scope* scope);
  void done();

  std::size_t live_ = 0;
  std::coroutine_handle<> joiner_;
};

// What to do with an exception that reached the root of a task; the default writes it to stderr. Set once, at start.
void set_task_failure_hook(std::function<void(const char* what)> hook);

// co_await yield(): lets others run; resumes from the back of the executor's queue.
struct Yield {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const;
  void await_resume() const noexcept {}
};
inline Yield yield() { return {}; }

// co_await switch_to(other): the coroutine goes on in another executor (already there: at once).
struct SwitchTo {
  Executor* to;
  bool await_ready() const noexcept { return Executor::current() == to; }
  void await_suspend(std::coroutine_handle<> handle) const;
  void await_resume() const noexcept {}
};
inline SwitchTo switch_to(Executor& to) { return {&to}; }

// A value that another thread (or a later moment) will send to one waiting coroutine. A late value is dropped, even
// after the executor's end; a Sender that dies without sending sends Errc::closed.
template <class T>
class OneShot {
  struct State {
    std::mutex mutex;
    std::optional<Result<T>> value;
    std::shared_ptr<Executor::Inbox> inbox = Executor::current()->inbox();
    Event arrived;
  };

 public:
  class Sender {
   public:
    Sender() = default;
    explicit Sender(std::shared_ptr<State> s) : state_(std::move(s)) {}
    Sender(Sender&&) noexcept = default;
    Sender& operator=(Sender&& o) noexcept {
      std::swap(state_, o.state_);
      return *this;
    }
    ~Sender() {
      if (state_) send(fail(Errc::closed, "nobody is left to answer"));
    }
    // From any thread, once.
    void send(Result<T> value) {
      auto state = std::move(state_);
      if (!state) return;
      {
        std::lock_guard lock(state->mutex);
        state->value.emplace(std::move(value));
      }
      const auto inbox = state->inbox;
      inbox->post([state = std::move(state)] { state->arrived.set(); });
    }

   private:
    std::shared_ptr<State> state_;
  };

  OneShot() : state_(std::make_shared<State>()) {}
  // Once.
  Sender sender() { return Sender(state_); }
  // Waits on the executor that this was made on.
  Task<Result<T>> receive(Deadline deadline) {
    auto state = state_;
    CO_TRY(co_await state->arrived.wait(deadline));
    std::lock_guard lock(state->mutex);
    co_return std::move(*state->value);
  }

 private:
  std::shared_ptr<State> state_;
};

// Threads for what may block: password hashing, cold disk reads, name service calls.
class Offload {
 public:
  virtual ~Offload() = default;
  // From any thread. False if the queue is full; the work is then dropped.
  virtual bool try_submit(Work work) = 0;
};

// Runs everything on the caller's thread: for tests, fuzzers and the command line.
class InlineOffload final : public Offload {
 public:
  bool try_submit(Work work) override {
    work();
    return true;
  }
};

// co_await offload(pool, fn, deadline): fn() on a thread of the pool, its result here. Errc::busy if the queue is full.
// When the deadline passes first, fn still runs to its end, and its result is dropped: fn owns what it touches.
template <class F, class R = std::invoke_result_t<F&>>
Task<Result<R>> offload(Offload& pool, F fn, Deadline deadline) {
  OneShot<R> answer;
  const bool accepted = pool.try_submit([fn = std::move(fn), to = answer.sender()]() mutable {
    if constexpr (std::is_void_v<R>) {
      fn();
      to.send({});
    } else {
      to.send(fn());
    }
  });
  if (!accepted) co_return fail(Errc::busy, "too much work is waiting for a thread");
  co_return co_await answer.receive(deadline);
}

// An executor that is driven by whoever owns it, on the calling thread. With a ManualClock time is virtual: when
// nothing is ready, the clock jumps to the next timer.
class LocalExecutor final : public Executor {
 public:
  LocalExecutor();
  explicit LocalExecutor(ManualClock& clock);
  ~LocalExecutor() override;

  void post(Work work) override;
  Clock& clock() const override { return *clock_; }
  void arm(Timer& timer, Steady when) override { timers_.arm(timer, when); }
  void disarm(Timer& timer) override { timers_.disarm(timer); }

  // Runs `task` and everything it causes until it is done; blocks while it waits for other threads.
  template <class T>
  T run(Task<T> task) {
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> out;
    std::exception_ptr thrown;
    Scope scope;
    {
      Enter enter(this);
      scope.spawn(keep(std::move(task), &out, &thrown));
    }
    drive([&] { return scope.empty(); });
    if (thrown) std::rethrow_exception(thrown);
    if constexpr (!std::is_void_v<T>) return std::move(*out);
  }
  // Runs what is ready now, without waiting; returns how much ran.
  std::size_t poll();

 private:
  template <class T, class Out>
  static Task<void> keep(Task<T> task, Out* out, std::exception_ptr* thrown) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
        out->emplace();
      } else {
        out->emplace(co_await std::move(task));
      }
    } catch (...) {
      *thrown = std::current_exception();
    }
  }
  void drive(const std::function<bool()>& done);

  struct Queue;
  std::unique_ptr<Queue> queue_;
  TimerQueue timers_;
  Clock* clock_;
  ManualClock* manual_ = nullptr;
};

// Runs a task on a LocalExecutor of its own: `auto r = run(store.get(key, deadline));`. For the command line, tests and
// fuzzers; blocks the calling thread. Deadlines are made inside the task.
template <class T>
T run(Task<T> task) {
  LocalExecutor executor;
  return executor.run(std::move(task));
}

}  // namespace chappe::net
