// The zones of the plan, signed from the root down, as files that `chappe dns serve` reads.
#pragma once

#include <string>
#include <vector>

#include "app/demo/plan.h"
#include "base/result.h"

namespace chappe::app::demo {

// The zones that one name server has, by its address: the names of their files.
struct NameServerFiles {
  std::string name;     // of the process
  std::string address;  // where it listens
  std::vector<std::string> files;
};

struct ZoneFiles {
  std::vector<NameServerFiles> servers;
  std::string root_hints;
  std::string trust_anchor;
};

// Makes a key for each zone, puts its DS into the zone above, signs, and writes `dir`/names/*. Blocks. Errc::io, or
// Errc::invalid for a plan that is none.
Result<ZoneFiles> write_zones(const Plan& plan, const std::string& dir);

}  // namespace chappe::app::demo
