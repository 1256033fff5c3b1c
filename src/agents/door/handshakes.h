// How many TLS handshakes one network may ask for: each costs a signature on a shard that others wait for. Beyond its
// rate a network waits its turn; nobody is refused. One for each shard, no locks.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/clock.h"

namespace chappe::agents {

class Handshakes {
 public:
  static constexpr std::size_t kBurst = 100;        // at once, from a network that was quiet
  static constexpr std::size_t kNetworks = 10'000;  // remembered; beyond, those that were quiet longest go

  // `rate`: handshakes a second and network; 0: no limit.
  explicit Handshakes(std::size_t rate) : rate_(rate) {}

  // Takes a place for one handshake, and says when it may begin: `now`, or later.
  Steady take(const std::string& network, Steady now);

 private:
  void forget(Steady now);

  const std::size_t rate_;
  // Where the network's next handshake would be, were they spread evenly over time (a leaky bucket as a point in time).
  std::map<std::string, Steady> next_;
};

}  // namespace chappe::agents
