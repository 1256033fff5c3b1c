#include "store/commit.h"

#include <algorithm>
#include <exception>

namespace chappe::store {

struct Commit::Pending {
  enum State : std::uint8_t { queued, started, abandoned };

  // Whoever moved `state` away from queued owns the rest.
  Change change;
  net::OneShot<void>::Sender done;
  std::atomic<State> state = queued;
  Result<void> outcome;  // valid once `done` has been sent
};

Commit::Commit(Store& store, Options options) : store_(store.blocking()), options_(options) {
  if (options_.mode == Mode::thread) thread_ = std::thread([this] { loop(); });
}

Commit::~Commit() { stop(); }

void Commit::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Commit::Counts Commit::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

Result<void> Commit::enqueue(std::shared_ptr<Pending> pending) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return fail(Errc::closed, "the server is shutting down");
    if (queue_.size() >= options_.queued) return fail(Errc::busy, "too many changes wait for the disk");
    queue_.push_back(std::move(pending));
  }
  wake_.notify_one();
  return {};
}

Task<Result<void>> Commit::submit(Change change, Deadline deadline) {
  if (deadline.passed())
    co_return fail(deadline.cancel && deadline.cancel->cancelled() ? Errc::cancelled : Errc::timeout,
                   "no time was left to commit");
  net::OneShot<void> answer;
  auto pending = std::make_shared<Pending>(std::move(change), answer.sender());
  CO_TRY(enqueue(pending));
  if (options_.mode == Mode::in_line) {
    std::lock_guard turn(turn_);
    run_group(1);
  }
  Result<void> waited = co_await answer.receive(deadline);
  if (!waited) {
    auto expected = Pending::queued;
    if (pending->state.compare_exchange_strong(expected, Pending::abandoned)) {
      // The commit thread will only skip it, perhaps when this executor is gone: nothing of it may stay there.
      pending->change = nullptr;
      auto unused = std::move(pending->done);
      co_return waited;
    }
    const Steady limit = net::Executor::current()->clock().steady() + kOutcomeWait;
    if (!co_await answer.receive(Deadline{limit}))
      co_return fail(Errc::timeout, "the disk does not answer; whether the change was made is not known");
  }
  co_return std::move(pending->outcome);
}

void Commit::loop() {
  for (;;) {
    std::size_t count;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      count = std::min(queue_.size(), options_.group_changes);
    }
    run_group(count);
  }
}

Result<void> Commit::run_one(Pending& pending, Overlay& group, std::vector<net::Work>& works) {
  Txn txn(&store_, &executor_, &group);
  try {
    TRY(pending.change(txn));
  } catch (const std::exception& e) {
    return fail(Errc::bug, "a change ended with an exception: {}", e.what());
  }
  if (!txn.mine_.empty() && !txn.uses_reserve_) TRY(store_.room(group.bytes() + txn.mine_.bytes()));
  group.absorb(std::move(txn.mine_));
  std::move(txn.works_.begin(), txn.works_.end(), std::back_inserter(works));
  return {};
}

void Commit::run_group(std::size_t count) {
  Overlay group;
  std::vector<net::Work> works;
  std::vector<std::shared_ptr<Pending>> ran;
  std::uint64_t failed = 0;
  for (; count > 0 && group.bytes() < options_.group_bytes; --count) {
    std::shared_ptr<Pending> pending;
    {
      std::lock_guard lock(mutex_);
      if (queue_.empty()) break;
      pending = std::move(queue_.front());
      queue_.pop_front();
    }
    auto expected = Pending::queued;
    if (!pending->state.compare_exchange_strong(expected, Pending::started)) continue;
    pending->outcome = run_one(*pending, group, works);
    failed += !pending->outcome;
    ran.push_back(std::move(pending));
  }

  const std::size_t bytes = group.bytes();
  Result<void> written;
  const bool writes = !group.empty();
  if (writes) {
    const Deadline never{Steady::max()};
    written = executor_.run(store_.write(group.take_batch(), never));
  }
  if (written)
    for (net::Work& work : works) work();

  {
    std::lock_guard lock(mutex_);
    counts_.changes += written ? ran.size() - failed : 0;
    counts_.failed += written ? failed : ran.size();
    counts_.groups += writes && written;
    counts_.bytes += written ? bytes : 0;
    if (written) counts_.largest_group = std::max<std::uint64_t>(counts_.largest_group, ran.size() - failed);
  }
  for (auto& pending : ran) {
    // A change that refused may have judged by what an earlier one of the group wrote: if that is lost, so is the
    // judgement.
    if (!written) pending->outcome = written;
    pending->change = nullptr;
    pending->done.send({});
  }
}

}  // namespace chappe::store
