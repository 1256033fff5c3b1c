// Letters of a mailbox, read through the office a page at a time: for what goes into files (chappe store export), or
// from a backup into a server (chappe store restore). Main thread only; blocks.
#pragma once

#include <string>
#include <vector>

#include "app/admin_office.h"
#include "app/archive/target.h"

namespace chappe::app {

struct OfficePage {
  std::vector<Outgoing>
      letters;             // their `read` may fail with not_found: expunged meanwhile. Not longer than the office
  std::uint64_t last = 0;  // the `after` of the next page
  bool more = false;
};

// Letters with UID > `after`, of `about` so many octets, one at least. Errors: not_found (no such mailbox).
Result<OfficePage> read_letters(AdminOffice& office, const std::string& account, const std::string& mailbox,
                                std::uint64_t after, std::uint64_t about);

}  // namespace chappe::app
