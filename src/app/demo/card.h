// What stands at the end: the score-card, for people or as JSON, and the lines with which a person's own mail program
// joins in. Pure.
#pragma once

#include <string>
#include <vector>

#include "app/demo/scenarios.h"

namespace chappe::app::demo {

struct Outcome {
  const Scenario* scenario;
  std::string seen;
  bool passed = false;
  std::int64_t ms = 0;
  std::vector<Evidence> evidence = {};
};

std::string_view mode_name(Mode mode);

// Drawn with lines, as wide as its content or the terminal.
std::string score_card(const Teller& teller, const std::vector<Outcome>& outcomes);
// {"mode", "why", "scenarios": [{"name", "title", "expected", "seen", "ms", "passed", "evidence": [{"of", "text",
// "rule"}]}], "passed", "failed", "ms"}; `why` says why the mode is not network, if it is not.
std::string outcomes_json(const Teller& teller, Mode mode, const std::string& why, const std::vector<Outcome>& outcomes,
                          std::int64_t ms);
// Hosts, ports, accounts, password and certificate, and lines for curl, swaks, mutt and Thunderbird.
std::string joining(const Teller& teller, const World& world);

}  // namespace chappe::app::demo
