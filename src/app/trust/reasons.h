// The ids of reasons that stand in answers, on the trail and in the log, and what each of them means. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "app/cli.h"

namespace chappe::app {

struct ReasonFound {
  Text subject;  // "DKIM"; "Decision": what this host made of it all
  std::string_view id;
  std::string_view rule;  // the section that has it so; empty: this host's own
  std::string_view en, fr;
};

// Every reason of that id; subjects may share one.
std::vector<ReasonFound> find_reasons(std::string_view id);

}  // namespace chappe::app
