// Shards: one thread each, with its own event loop, timers and connections. What belongs to a shard is touched only on
// its thread; between shards there is Executor::post and nothing else. Nothing may block here: a turn longer than
// kStall is counted, with what it was spent on. Asio is the event loop (docs/decisions/0002-event-loop.md); it stays in
// shard.cc.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "net/task.h"

namespace chappe::net {

inline constexpr Duration kStall = std::chrono::milliseconds(20);

class Shard final : public Executor {
 public:
  explicit Shard(std::size_t index, Clock& clock = system_clock());
  ~Shard() override;

  std::size_t index() const { return index_; }
  void post(Work work) override;
  Clock& clock() const override { return clock_; }
  void arm(Timer& timer, Steady when) override { timers_.arm(timer, when); }
  void disarm(Timer& timer) override { timers_.disarm(timer); }

  // Tasks that live on this shard and are joined when it stops. Own thread only.
  Scope& tasks() { return tasks_; }

  // While it lives, the session that owns `cancel` is cancelled when the shard drains. Own thread only; a session that
  // moves to another shard leaves here first.
  class Member {
   public:
    Member(Shard& shard, Cancel& cancel);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   private:
    friend class Shard;
    Shard& shard_;
    Cancel& cancel_;
    Member* previous_ = nullptr;
    Member* next_ = nullptr;
  };

  // What a turn longer than kStall was spent on. The first two are faults of ours; the third is a machine too small.
  enum class Stall : std::uint8_t {
    busy,       // the work itself took that long
    blocked,    // the thread waited for something: a disk, a lock
    preempted,  // somebody else had the processor
  };
  static constexpr std::size_t kStalls = 3;
  // The longest turn so far, and how many were longer than kStall. Any thread.
  Duration longest_turn() const { return Duration(longest_us_.load(std::memory_order_relaxed)); }
  std::uint64_t stalls(Stall cause) const {
    return stalls_[static_cast<std::size_t>(cause)].load(std::memory_order_relaxed);
  }

  // The shard whose thread this is; null elsewhere.
  static Shard* current();

 private:
  friend class Shards;
  friend class FdWatch;
  struct Loop;

  void start();
  void drain();       // from any thread: cancels the members, now and for ever
  void wait_empty();  // from a thread that is no shard: until no task is left
  void stop();        // from any thread: ends the loop
  void turn_loop();
  std::size_t run_ready();

  const std::size_t index_;
  Clock& clock_;
  std::unique_ptr<Loop> loop_;
  TimerQueue timers_;
  Scope tasks_;
  Scope watchers_;  // what waits for tasks_ to end
  Member* members_ = nullptr;
  bool draining_ = false;
  bool stopping_ = false;
  std::array<std::atomic<std::uint64_t>, kStalls> stalls_{};
  std::atomic<std::int64_t> longest_us_{0};
  std::thread thread_;
};

// The shards of the process. Started once; stopping drains sessions, waits for them, then ends the threads.
class Shards {
 public:
  explicit Shards(std::size_t count, Clock& clock = system_clock());
  ~Shards();

  std::size_t size() const { return shards_.size(); }
  Shard& at(std::size_t i) { return *shards_[i]; }
  const Shard& at(std::size_t i) const { return *shards_[i]; }
  // The shard that owns what is keyed by `id` (an account): the same for the life of the process.
  Shard& home(std::uint64_t id) { return *shards_[(id * 0x9E3779B97F4A7C15u >> 32) % shards_.size()]; }
  // Shards in turn, for new connections. Any thread.
  Shard& next() { return *shards_[turn_.fetch_add(1, std::memory_order_relaxed) % shards_.size()]; }

  // Cancels every session; returns at once.
  void drain();
  // Drains, then blocks until every task has ended and the threads have gone. Not from a shard.
  void stop();

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::size_t> turn_{0};
  bool stopped_ = false;
};

// Runs a task on a shard from a thread that is none, and blocks for its result: for start, stop and tests.
template <class T>
T run_on(Shard& shard, Task<T> task) {
  struct State {
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> out;
    std::atomic<bool> done{false};
  };
  struct Runner {
    static Task<void> go(Task<T> t, std::shared_ptr<State> state) {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(t);
        state->out.emplace();
      } else {
        state->out.emplace(co_await std::move(t));
      }
      state->done.store(true, std::memory_order_release);
      state->done.notify_one();
    }
  };
  auto state = std::make_shared<State>();
  shard.post([&shard, t = std::move(task), state]() mutable {
    shard.tasks().spawn(Runner::go(std::move(t), std::move(state)));
  });
  state->done.wait(false, std::memory_order_acquire);
  if constexpr (!std::is_void_v<T>) return std::move(*state->out);
}

// Readiness of one descriptor on one shard. Does not own the descriptor: destroying the watch leaves it open. Own
// thread only, but it may be made before and destroyed after the shard runs.
class FdWatch {
 public:
  FdWatch(Shard& shard, int fd);
  ~FdWatch();
  FdWatch(FdWatch&&) noexcept;
  FdWatch& operator=(FdWatch&&) noexcept;

  // Events that are set when the descriptor can be read, or written, from now on (or is broken: then the call says so).
  // Asking again while the answer is outstanding gives the same event.
  Event& readable();
  Event& writable();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace chappe::net
