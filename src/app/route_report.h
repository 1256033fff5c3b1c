// What would happen to a letter to an address, and why: the answer to `chappe route`. Asks the directory and the DNS as
// a letter would; sends nothing.
#pragma once

#include <string>

#include "agents/mta/route.h"
#include "app/cli.h"
#include "codec/json.h"
#include "post/delivery/route.h"

namespace chappe::app {

struct RouteSources {
  post::RcptSource& directory;
  dns::Resolver* resolver;  // null: nothing carries letters to other hosts here
  Random& random;
  agents::mta::Self self;
  agents::mta::NextHop mda;  // of the site, where it is another process
  std::string relay;         // empty: the DNS finds the way
  std::uint16_t port = 25;
};

// JSON: {"address":…, "ends":[{"address":…, "goes":"mailbox"|"mda"|"relay"|"hosts"|"nowhere"|"later"|"waits", …}]}.
// Errors: not_found (it is ours, and nobody has it), invalid, and those of the store.
net::Task<Result<std::string>> route_report(const RouteSources* sources, std::string address, net::Deadline deadline);

// A report for people.
std::string route_page(const Invocation& invocation, const codec::json::Value& report);

}  // namespace chappe::app
