// Threads for what may block, with a bounded queue. Shared by all shards; lives until the process stops.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "net/task.h"

namespace chappe::net {

class OffloadPool final : public Offload {
 public:
  // `limit`: how many pieces of work may wait for a thread. `niceness`: of the threads; 0 as the process, up to 19.
  explicit OffloadPool(std::size_t threads, std::size_t limit = 1024, int niceness = 0);
  // Drops what is queued (its waiters get Errc::closed), lets what runs end, then ends the threads; blocks.
  ~OffloadPool() override;

  bool try_submit(Work work) override;
  std::size_t waiting() const;

 private:
  void work_loop(int niceness);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace chappe::net
