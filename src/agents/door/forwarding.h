// What is done to a letter that an address of ours leads to another host, a forward: it is sealed, so that the next
// host learns what this site found and who vouches for it (RFC 8617), and its MAIL FROM becomes one of ours where the
// sender is a stranger (post/directory/return_paths.h). Nothing else in it is changed, so that signatures hold behind
// us. Letters of our own people are originals: they are signed (agents/msa), and not sealed.
//
// A letter that only claims to be from one of us is not forwarded: by a MAIL FROM of ours, SPF would vouch at the next
// host for what has been found false here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agents/door/site.h"
#include "post/delivery/route.h"
#include "proto/smtp/reply.h"
#include "trust/authres/results.h"

namespace chappe::agents {

// `address`, if it leads to another host here (LetterRecipient::via).
std::string via_of(const std::string& address, const post::Route::End& end);
bool forwards(std::span<const post::LetterRecipient> recipients);
// The addresses that lead them elsewhere, each once.
std::vector<std::string> vias(std::span<const post::LetterRecipient> recipients);

// What the body is to be hashed as (post::Ingest::watch).
trust::dkim::BodyHashKind sealed_body();

// MAIL FROM of those recipients that are forwards. Errors: those of asking whose the sender is.
net::Task<Result<void>> rewrite_senders(Site* site, post::Letter* letter, net::Deadline deadline);

// The refusal of a letter whose author would be of the domain of one of `vias`, and is not as far as this site can see.
std::optional<proto::smtp::Reply> may_not_go_on(std::span<const std::string> vias,
                                                const trust::authres::Results& found);

// The ARC set, to be put above all else, with a key of the first domain of `vias` that has one; empty, and told in the
// log, where there is none, and where the chain cannot go on. `letter`: as it leaves, but for fields that a seal does
// not cover; null, or nothing `found`: it was not judged. Signs in the offload pool.
net::Task<Bytes> seal(Site* site, post::LetterId id, std::vector<std::string> vias,
                      std::shared_ptr<const post::Watched> letter, std::optional<trust::authres::Results> found,
                      net::Deadline deadline);

}  // namespace chappe::agents
