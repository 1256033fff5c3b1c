#include "agents/door/throttle.h"

#include <algorithm>
#include <cmath>

namespace chappe::agents {
namespace {

// No network's text has a blank, so no account can be mistaken for another network's.
std::string pair_key(const std::string& network, const std::string& account) { return network + " " + account; }

}  // namespace

double Throttle::faded(const std::string& key) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return 0;
  const Count& count = *it->second;
  const Duration age = clock_.steady() - count.at;
  return count.failures *
         std::exp2(-static_cast<double>(age.count()) / static_cast<double>(Duration(kHalfLife).count()));
}

void Throttle::add(const std::string& key) {
  const double now = faded(key) + 1;
  if (const auto it = by_key_.find(key); it != by_key_.end()) {
    counts_.splice(counts_.end(), counts_, it->second);
  } else {
    if (counts_.size() >= kEntries) forget(counts_.begin());
    counts_.push_back({.key = key, .failures = 0, .at = {}});
    by_key_.emplace(counts_.back().key, std::prev(counts_.end()));
  }
  counts_.back().failures = now;
  counts_.back().at = clock_.steady();
}

void Throttle::forget(Counts::iterator count) {
  by_key_.erase(count->key);
  counts_.erase(count);
}

bool Throttle::may_try(const std::string& network, const std::string& account) {
  if (!enabled_) return true;
  std::lock_guard lock(mutex_);
  return faded(network) < kPerNetwork && (account.empty() || faded(pair_key(network, account)) < kPerAccount);
}

void Throttle::failed(const std::string& network, const std::string& account) {
  if (!enabled_) return;
  std::lock_guard lock(mutex_);
  add(network);
  if (!account.empty()) add(pair_key(network, account));
}

void Throttle::succeeded(const std::string& network, const std::string& account) {
  if (!enabled_) return;
  std::lock_guard lock(mutex_);
  const std::string key = pair_key(network, account);
  if (const auto it = by_key_.find(key); it != by_key_.end()) forget(it->second);
}

Duration Throttle::delay(const std::string& network, const std::string& account) {
  if (!enabled_) return Duration(0);
  std::lock_guard lock(mutex_);
  const double n = std::min(faded(account.empty() ? network : pair_key(network, account)), 5.0);
  return n < 0.5 ? Duration(0) : Duration(static_cast<std::int64_t>(125'000 * std::exp2(std::round(n))));
}

}  // namespace chappe::agents
