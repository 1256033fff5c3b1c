// The DNS lists of a configuration, as the judges ask them. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "app/config.h"
#include "trust/sender_lists.h"

namespace chappe::app {

std::vector<trust::ListRule> list_rules(const Config::Mx& config);

// The list of that name or zone; one that the configuration does not have holds addresses and domains, blocks, and has
// no action of its own.
trust::ListRule list_rule_named(const Config::Mx& config, std::string_view name);

}  // namespace chappe::app
