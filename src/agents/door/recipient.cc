#include "agents/door/recipient.h"

#include "agents/door/quota.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

Task<std::variant<post::Route, Reply>> find_recipient(Site* site, std::string address,
                                                      std::optional<std::uint64_t> size, net::Deadline deadline) {
  auto answer = co_await site->rcpts.resolve_rcpt(address, deadline);
  if (!answer) co_return Reply(answer.error());
  using enum post::RcptAnswer::Kind;
  switch (answer->kind) {
    case remote:
      co_return Reply(550, "5.7.1", "This server does not relay: the domain is not served here");
    case unknown:
      co_return Reply(550, "5.1.1", "No such mailbox here");
    case account:
    case mda:
    case alias:
      break;
  }
  auto routed = co_await post::route(&site->rcpts, address, deadline);
  if (!routed) co_return Reply(routed.error());
  if (auto full = co_await no_room(&site->mailboxes, &*routed, size, deadline)) co_return std::move(*full);
  co_return std::move(*routed);
}

}  // namespace chappe::agents
