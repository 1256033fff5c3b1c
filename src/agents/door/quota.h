// Whether a recipient has room for the letter: asked at RCPT by the doors that take letters (RFC 1870 §6.4), so that
// nobody sends octets that cannot be kept. Reads the store; blocks nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "post/delivery/route.h"
#include "post/mailbox/mailbox.h"
#include "proto/smtp/reply.h"

namespace chappe::agents {

// The refusal, or nothing. `size`: what MAIL declared (SIZE=); nothing: any letter at all. Somebody who is reached in
// several places has room if one of them has: an alias is not stopped by a target whose mailbox is full, and that one
// then keeps the letter above its quota. `mailboxes` and `route` must outlive the task.
net::Task<std::optional<proto::smtp::Reply>> no_room(post::Mailboxes* mailboxes, const post::Route* route,
                                                     std::optional<std::uint64_t> size, net::Deadline deadline);

}  // namespace chappe::agents
