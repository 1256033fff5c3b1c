// Signs the letters of our own people with the keys of their domain (RFC 6376 §5): each key that is in state signing
// makes a signature. What is signed is the letter as it is taken, with what was added to it; the Received field comes
// above.
#pragma once

#include "agents/door/site.h"

namespace chappe::agents {

// What the body is to be hashed as (post::Ingest::watch).
trust::dkim::BodyHashKind signed_body();

// The DKIM-Signature fields, to be put above `added` and the letter; none where nobody signs for the author's domain,
// or there is more than one. `added`: fields above the header. Signs in the offload pool. Errors: those of the store
// and of the pool.
net::Task<Result<Bytes>> signatures_of(Site* site, std::shared_ptr<const post::Watched> letter, Bytes added,
                                       net::Deadline deadline);

}  // namespace chappe::agents
