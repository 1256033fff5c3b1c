#include "net/task.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace chappe::net {
namespace {

Task<int> answer() { co_return 42; }
Task<Result<int>> halved(int n) {
  if (n % 2) co_return fail(Errc::invalid, "{} is odd", n);
  co_return n / 2;
}
Task<Result<int>> quartered(int n) {
  const int half = CO_TRY(co_await halved(n));
  co_return co_await halved(half);
}

TEST(Task, ReturnsItsValueAndErrors) {
  EXPECT_EQ(run(answer()), 42);
  EXPECT_EQ(*run(quartered(12)), 3);
  EXPECT_EQ(run(quartered(6)).error().text(), "3 is odd");
}

Task<int> deep(int n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await deep(n - 1);
}
Task<long> many() {
  long sum = 0;
  for (int i = 0; i < 1'000'000; ++i) sum += co_await answer();
  co_return sum;
}
TEST(Task, TransferDoesNotEatTheStack) {
  EXPECT_EQ(run(many()), 42'000'000);
  EXPECT_EQ(run(deep(1000)), 1000);
}

Task<void> throwing() {
  throw std::runtime_error("from a library");
  co_return;
}
Task<std::string> catching() {
  try {
    co_await throwing();
  } catch (const std::exception& e) {
    co_return e.what();
  }
  co_return "nothing";
}
TEST(Task, ExceptionsOfLibrariesReachTheAwaiter) {
  EXPECT_EQ(run(catching()), "from a library");
  EXPECT_THROW(run(throwing()), std::runtime_error);
}

struct Aggregate {
  std::string a, b;
};
Task<std::string> join(Aggregate g) { co_return g.a + g.b; }
Task<std::string> braces() { co_return co_await join({std::string(40, 'a'), std::string(40, 'b')}); }
TEST(Task, AggregateArgumentsAreDestroyedOnce) { EXPECT_EQ(run(braces()).size(), 80u); }

Task<Result<void>> wait_in(Event* e, Duration span, Cancel* c) { co_return co_await e->wait(Deadline::in(span, c)); }

TEST(Event, TimesOutOnVirtualTime) {
  ManualClock clock;
  LocalExecutor executor(clock);
  Event event;
  const Steady start = clock.steady();
  EXPECT_EQ(executor.run(wait_in(&event, 1h, nullptr)).error().code(), Errc::timeout);
  EXPECT_EQ(clock.steady() - start, 1h);
  event.set();
  EXPECT_TRUE(executor.run(wait_in(&event, 1h, nullptr)));
  EXPECT_EQ(clock.steady() - start, 1h) << "what has happened is not waited for";
}

Task<void> note(Event* e, Cancel* c, std::vector<std::string>* out) {
  auto r = co_await e->wait(Deadline::in(1h, c));
  out->push_back(r ? "set" : r.error().describe().substr(0, 9));
}
Task<std::vector<std::string>> three_waiters(bool cancel_first) {
  std::vector<std::string> out;
  Event event;
  Cancel cancel;
  Scope scope;
  scope.spawn(note(&event, nullptr, &out));
  scope.spawn(note(&event, &cancel, &out));
  if (cancel_first) cancel.cancel();
  event.set();
  scope.spawn(note(&event, &cancel, &out));
  co_await scope.join();
  co_return out;
}
TEST(Event, WakesAllAndCancelWakesItsOwn) {
  EXPECT_EQ(run(three_waiters(false)), (std::vector<std::string>{"set", "set", "set"}));
  const auto out = run(three_waiters(true));
  EXPECT_EQ(std::count(out.begin(), out.end(), "cancelled"), 1) << "the third saw an event that had happened";
}

Task<void> set_later(Event* e, Duration span) {
  (void)co_await sleep(Deadline::in(span));
  e->set();
}
Task<std::string> first_of_two() {
  Event a, b;
  Scope scope;
  scope.spawn(set_later(&a, 2s));
  scope.spawn(set_later(&b, 1s));
  const auto first = co_await either(a, b, Deadline::in(1h));
  std::string out = first && b.is_set() && !a.is_set() ? "b" : "?";
  b.reset();
  if (co_await either(a, b, Deadline::in(1h)) && a.is_set()) out += "a";
  a.reset();
  if (const auto r = co_await either(a, b, Deadline::in(1h)); !r) out += error_row(r.error().code()).name;
  co_await scope.join();
  co_return out;
}
TEST(Either, WakesForTheFirstAndLeavesBoth) {
  ManualClock clock;
  EXPECT_EQ(LocalExecutor(clock).run(first_of_two()), "batimeout");
}

Task<Result<void>> sleeping(Duration span, Cancel* c) { co_return co_await sleep(Deadline::in(span, c)); }
TEST(Sleep, EndsAtItsTimeOrIsCancelled) {
  ManualClock clock;
  LocalExecutor executor(clock);
  EXPECT_TRUE(executor.run(sleeping(24h, nullptr)));
  Cancel cancel;
  cancel.cancel();
  EXPECT_EQ(executor.run(sleeping(24h, &cancel)).error().code(), Errc::cancelled);
}

Task<Result<int>> from_thread(bool send, std::vector<std::thread>* threads) {
  OneShot<int> shot;
  threads->emplace_back([sender = shot.sender(), send]() mutable {
    std::this_thread::sleep_for(1ms);
    if (send) sender.send(7);
  });
  co_return co_await shot.receive(Deadline::in(10s));
}
TEST(OneShot, CrossesThreadsAndADeadSenderIsAnError) {
  std::vector<std::thread> threads;
  EXPECT_EQ(*run(from_thread(true, &threads)), 7);
  EXPECT_EQ(run(from_thread(false, &threads)).error().code(), Errc::closed);
  for (auto& t : threads) t.join();
}

Task<Result<int>> too_late(std::vector<std::thread>* threads) {
  OneShot<int> shot;
  threads->emplace_back([sender = shot.sender()]() mutable {
    std::this_thread::sleep_for(20ms);
    sender.send(7);
  });
  auto r = co_await shot.receive(Deadline::in(1ms));
  co_await sleep(Deadline::in(40ms));
  co_return r;
}
TEST(OneShot, AValueAfterTheDeadlineIsDropped) {
  std::vector<std::thread> threads;
  EXPECT_EQ(run(too_late(&threads)).error().code(), Errc::timeout);
  for (auto& t : threads) t.join();
}

Task<Result<int>> given_up(OneShot<int>::Sender* sender) {
  OneShot<int> shot;
  *sender = shot.sender();
  co_return co_await shot.receive(Deadline::in(1ms));
}
TEST(OneShot, AValueAfterTheExecutorsEndIsDropped) {
  OneShot<int>::Sender sender;
  EXPECT_EQ(run(given_up(&sender)).error().code(), Errc::timeout);
  std::thread([&sender] { sender.send(7); }).join();
}

Task<Result<std::string>> offloaded(Offload* pool) {
  co_return co_await offload(*pool, [] { return std::string("done"); }, Deadline::in(1s));
}
class FullPool final : public Offload {
 public:
  bool try_submit(Work) override { return false; }
};
TEST(Offload, ReturnsTheResultOrSaysBusy) {
  InlineOffload pool;
  EXPECT_EQ(*run(offloaded(&pool)), "done");
  FullPool full;
  EXPECT_EQ(run(offloaded(&full)).error().code(), Errc::busy);
}

Task<void> ping(std::string* log, char c, int n) {
  for (int i = 0; i < n; ++i) {
    *log += c;
    co_await yield();
  }
}
Task<std::string> interleaved() {
  std::string log;
  Scope scope;
  scope.spawn(ping(&log, 'a', 3));
  scope.spawn(ping(&log, 'b', 3));
  co_await scope.join();
  co_return log;
}
TEST(Scope, ChildrenTakeTurnsAndAreJoined) { EXPECT_EQ(run(interleaved()), "ababab"); }

}  // namespace
}  // namespace chappe::net
