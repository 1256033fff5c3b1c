// A recipient of our own: where its letters go, or why they cannot. What the doors say to RCPT that take letters for us
// and for nobody else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "agents/door/site.h"
#include "post/delivery/route.h"
#include "proto/smtp/path.h"
#include "proto/smtp/reply.h"

namespace chappe::agents {

// `from`: of MAIL FROM. A sender that was rewritten here (post/directory/return_paths.h) takes letters of the null
// reverse-path alone, 5.7.1; one that is forged or too old is nobody's. `size`: what MAIL declared (SIZE=), or what the
// letter has; nothing: any letter at all. What is not ours is refused as relaying, 5.7.1; nobody's address as
// such, 5.1.1; a full mailbox, 4.2.2 or 5.2.2. An mda that is asked by another process tells by these
// (docs/decisions/0010-split-sites.md).
net::Task<std::variant<post::Route, proto::smtp::Reply>> find_recipient(Site* site, proto::smtp::Path from,
                                                                        std::string address,
                                                                        std::optional<std::uint64_t> size,
                                                                        net::Deadline deadline);

}  // namespace chappe::agents
