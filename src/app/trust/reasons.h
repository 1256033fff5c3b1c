// The ids that stand in answers, on the trail and in the log, and what each of them means. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "app/cli.h"
#include "app/trust/advice.h"

namespace chappe::app {

struct ReasonFound {
  Topic topic;
  Text subject;  // "DKIM"; "Decision": what this host made of it all
  std::string_view id;
  std::string_view rule;  // the section that has it so; empty: this host's own
  std::string_view en, fr;
  const Advice* advice = nullptr;  // null: nobody need do anything
};

// All that there are, table after table.
std::vector<ReasonFound> all_reasons();
// Every reason of that id, in any case; subjects may share one.
std::vector<ReasonFound> find_reasons(std::string_view id);
// Ids that somebody may have meant who wrote this one: those that hold it first, then those that are written nearly so.
std::vector<std::string_view> similar_reasons(std::string_view id, std::size_t most);

}  // namespace chappe::app
