#include "agents/door/handshakes.h"

#include <algorithm>
#include <vector>

namespace chappe::agents {

Steady Handshakes::take(const std::string& network, Steady now) {
  if (rate_ == 0) return now;
  const Duration apart = Duration(std::chrono::seconds(1)) / static_cast<Duration::rep>(rate_);
  if (next_.size() >= kNetworks && !next_.contains(network)) forget(now);
  Steady& next = next_.try_emplace(network, now).first->second;
  next = std::max(next, now) + apart;
  return std::max(now, next - apart * static_cast<Duration::rep>(kBurst));
}

// Those whose time has passed owe nothing. When all still owe, the older half goes.
void Handshakes::forget(Steady now) {
  std::erase_if(next_, [now](const auto& entry) { return entry.second <= now; });
  if (next_.size() < kNetworks) return;
  std::vector<Steady> times;
  times.reserve(next_.size());
  for (const auto& [network, at] : next_) times.push_back(at);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  std::erase_if(next_, [limit = *middle](const auto& entry) { return entry.second <= limit; });
}

}  // namespace chappe::agents
