// A listening door as its sessions know it: its name, whether TLS comes before the greeting, and what is counted there.
// Made by app/ at start, one for each role, and outlives every session; any shard.
#pragma once

#include <string>
#include <string_view>

#include "base/metrics.h"

namespace chappe::agents {

struct Door {
  // `name`: the role's, as the log, the metrics and the configuration show it: "mx", "imaps".
  Door(Metrics& metrics, std::string_view name, bool implicit_tls);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  const std::string name;
  const bool implicit_tls;  // RFC 8314 §3

  Counter& sessions;
  Gauge& open;
  Counter& handshakes;
  Counter& handshakes_failed;
  Counter& logins;
  Counter& logins_failed;
  Counter& letters;
  Counter& refusals;
};

}  // namespace chappe::agents
