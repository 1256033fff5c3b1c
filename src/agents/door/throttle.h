// Wrong passwords in a loop: how often an account and a network may fail before they must wait. Counts of failures fade
// by half every kHalfLife; a login that succeeds forgets those of its account from that network.
//
// One for the process; any thread. Its lock is held for a look into a table, never over a wait
// (docs/decisions/0007-short-locks.md).
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace chappe::agents {

class Throttle {
 public:
  static constexpr Duration kHalfLife = std::chrono::minutes(5);
  static constexpr double kPerAccount = 10;        // failures from one network on one account
  static constexpr double kPerNetwork = 50;        // failures from one network on any account
  static constexpr std::size_t kEntries = 20'000;  // kept; beyond, the oldest goes

  // `enabled`: false counts nothing (chappe local --no-limits).
  explicit Throttle(Clock& clock, bool enabled = true) : clock_(clock), enabled_(enabled) {}

  // An account is empty where a login is checked by the mda: who it is for is then not known here.

  // Whether a login may be tried now; false: say "later" without looking at the password.
  bool may_try(const std::string& network, const std::string& account);
  void failed(const std::string& network, const std::string& account);
  void succeeded(const std::string& network, const std::string& account);
  // How long an answer to a failure is held back: a quarter of a second, doubling with each failure, at most 4 s.
  Duration delay(const std::string& network, const std::string& account);

 private:
  struct Count {
    std::string key;
    double failures = 0;
    Steady at;
  };
  using Counts = std::list<Count>;
  double faded(const std::string& key);
  void add(const std::string& key);
  void forget(Counts::iterator count);

  Clock& clock_;
  const bool enabled_;
  std::mutex mutex_;
  Counts counts_;  // in the order of their last failures
  std::unordered_map<std::string_view, Counts::iterator> by_key_;
};

}  // namespace chappe::agents
