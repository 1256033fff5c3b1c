// What a milter has said, as an Opinion. Pure.
#pragma once

#include "post/policy/opinion.h"
#include "proto/milter/client.h"

namespace chappe::agents::milter {

// Of the operation that the machine has carried out last.
post::Opinion opinion_of(const proto::milter::ClientMachine& machine);

}  // namespace chappe::agents::milter
