// The verbs of administration: domain, account, alias, queue, config export and apply. Each is a method of
// agents/control/methods.h, with its answer shown to people or programs.
#pragma once

#include <span>

#include "app/cli.h"

namespace chappe::app {

std::span<const Binding> admin_bindings();

}  // namespace chappe::app
