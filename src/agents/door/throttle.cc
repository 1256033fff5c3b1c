#include "agents/door/throttle.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace chappe::agents {
namespace {

// No network's text has a blank, so no account can be mistaken for another network's.
std::string pair_key(const std::string& network, const std::string& account) { return network + " " + account; }

}  // namespace

double Throttle::faded(const std::string& key) {
  const auto it = counts_.find(key);
  if (it == counts_.end()) return 0;
  const Duration age = clock_.steady() - it->second.at;
  return it->second.failures *
         std::exp2(-static_cast<double>(age.count()) / static_cast<double>(Duration(kHalfLife).count()));
}

void Throttle::add(const std::string& key) {
  const double now = faded(key) + 1;
  if (counts_.size() >= kEntries) drop_older_half();
  counts_[key] = {now, clock_.steady()};
}

void Throttle::drop_older_half() {
  std::vector<Steady> ages;
  ages.reserve(counts_.size());
  for (const auto& [key, count] : counts_) ages.push_back(count.at);
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  std::erase_if(counts_, [median = *middle](const auto& entry) { return entry.second.at <= median; });
}

bool Throttle::may_try(const std::string& network, const std::string& account) {
  if (!enabled_) return true;
  std::lock_guard lock(mutex_);
  return faded(network) < kPerNetwork && faded(pair_key(network, account)) < kPerAccount;
}

void Throttle::failed(const std::string& network, const std::string& account) {
  if (!enabled_) return;
  std::lock_guard lock(mutex_);
  add(network);
  add(pair_key(network, account));
}

void Throttle::succeeded(const std::string& network, const std::string& account) {
  if (!enabled_) return;
  std::lock_guard lock(mutex_);
  counts_.erase(pair_key(network, account));
}

Duration Throttle::delay(const std::string& network, const std::string& account) {
  if (!enabled_) return Duration(0);
  std::lock_guard lock(mutex_);
  const double n = std::min(faded(pair_key(network, account)), 5.0);
  return n < 0.5 ? Duration(0) : Duration(static_cast<std::int64_t>(125'000 * std::exp2(std::round(n))));
}

}  // namespace chappe::agents
