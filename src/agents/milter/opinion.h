// What a milter has said, as an Opinion. Pure.
#pragma once

#include "post/policy/opinion.h"
#include "proto/milter/client.h"

namespace chappe::agents::milter {

// Of the operation that the machine has carried out last. A letter that the milter marks as spam in a field of its own
// (X-Spam, X-Spam-Flag, X-Spam-Status) is junk.
post::Opinion opinion_of(const proto::milter::ClientMachine& machine);

}  // namespace chappe::agents::milter
