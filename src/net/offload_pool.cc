#include "net/offload_pool.h"

#include <sys/resource.h>

namespace chappe::net {

OffloadPool::OffloadPool(std::size_t threads, std::size_t limit, int niceness) : limit_(limit) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, niceness] { work_loop(niceness); });
}

OffloadPool::~OffloadPool() {
  std::deque<Work> dropped;  // destroyed outside the lock: each tells its waiter that nobody is left to answer
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
  }
  more_.notify_all();
  for (auto& t : threads_) t.join();
}

bool OffloadPool::try_submit(Work work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= limit_) return false;
    queue_.push_back(std::move(work));
  }
  more_.notify_one();
  return true;
}

std::size_t OffloadPool::waiting() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void OffloadPool::work_loop(int niceness) {
  // On Linux, of this thread alone.
  if (niceness != 0) (void)setpriority(PRIO_PROCESS, 0, niceness);
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace chappe::net
