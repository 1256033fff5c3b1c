// chappe dns records: what a domain of ours should say in the DNS of who sends as it, with what it says now. Asks the
// office for the keys and the DNS for the rest.
#pragma once

#include "app/cli.h"

namespace chappe::app {

int run_dns_records(const Invocation& invocation);

}  // namespace chappe::app
