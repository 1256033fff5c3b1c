// What the DNS lists of a site answer, counted, and told to the log when a list is of no use: an operator who is over a
// list's quota, or asks by a resolver that it does not serve, would else never know. One for the site; note() may be
// called from any shard, and never blocks.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "trust/sender_lists.h"

namespace chappe::agents {

class ListWatch {
 public:
  // How long the log says nothing more of a list that it has told of.
  static constexpr Duration kPause = std::chrono::hours(1);

  ListWatch() = default;
  ListWatch(Metrics& metrics, std::span<const trust::ListRule> rules);

  // `listing` is of the same rules.
  void note(Log& log, Steady now, const trust::SenderListing& listing);

 private:
  struct Watched {
    std::vector<Counter*> answers;       // by state
    std::atomic<std::int64_t> quiet{0};  // until this time, in microseconds
    std::atomic<std::uint64_t> untold{0};
  };
  std::vector<std::unique_ptr<Watched>> lists_;
};

}  // namespace chappe::agents
