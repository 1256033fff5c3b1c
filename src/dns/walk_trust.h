// What DNSSEC says about the steps of a walk: a validating resolver is asked for the DS of every zone cut on the way
// and for every answer, and its verdict stands beside what the servers said (RFC 4035 §5). The validation is not done a
// second time here.
#pragma once

#include "dns/walk.h"

namespace chappe::dns {

// Fills in `trust` of the steps that were of use, and of the walk. `validating`: the resolver has
// a trust anchor; else everything stays unchecked. Both must outlive the task.
net::Task<void> judge(Resolver* resolver, bool validating, Walk* walk, net::Deadline deadline);

}  // namespace chappe::dns
