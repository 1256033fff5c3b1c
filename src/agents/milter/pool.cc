#include "agents/milter/pool.h"

namespace chappe::agents::milter {

using net::Deadline;
using net::Task;

Task<std::unique_ptr<Link>> Pool::take() {
  if (waiting_.empty()) co_return nullptr;
  const auto waiting = std::move(waiting_.back());
  waiting_.pop_back();
  waiting->taken.set();
  // Whoever watches it leaves in this turn of the shard; without deadline, as for a Scope.
  (void)co_await waiting->left.wait(Deadline{.when = Steady::max()});
  co_return std::move(waiting->link);
}

bool Pool::give(std::unique_ptr<Link>& link) {
  if (waiting_.size() >= limits_.kept) return false;
  auto waiting = std::make_shared<Waiting>();
  waiting->link = std::move(link);
  waiting_.push_back(waiting);
  net::Shard::current()->tasks().spawn(watch(shared_from_this(), waiting));
  return true;
}

Task<void> Pool::watch(std::shared_ptr<Pool> pool, std::shared_ptr<Waiting> waiting) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  (void)co_await waiting->link->stream().readable_or(waiting->taken, Deadline::in(pool->limits_.idle, &cancel));
  if (!waiting->taken.is_set()) {
    pool->waiting_.remove(waiting);
    co_await waiting->link->quit();
  }
  waiting->left.set();
}

}  // namespace chappe::agents::milter
