// Where a milter listens, as the configuration writes it. A value; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace chappe::agents::milter {

struct Address {
  std::vector<net::Endpoint> endpoints;  // to be tried in this order; none: `path`
  std::string path;

  // "inet:127.0.0.1:8891", "inet:[::1]:8891", "inet:localhost:8891", "unix:/run/opendkim/opendkim.sock". No other name
  // is looked up: a milter is beside us, and letters must not wait for a name server to be judged. Errc::config.
  static Result<Address> parse(std::string_view text);
};

}  // namespace chappe::agents::milter
