#include "agents/door/recipient.h"

#include "agents/door/quota.h"
#include "trust/srs.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Path;
using proto::smtp::Reply;

namespace {

// The mda knows whether it rewrote a sender, but is asked in the name of nobody: what looks like one is taken for one.
bool for_notifications(const post::RcptAnswer& answer, const std::string& address) {
  if (answer.kind != post::RcptAnswer::Kind::mda) return answer.notifications_only;
  const auto path = proto::smtp::parse_mailbox(address);
  return path && trust::looks_rewritten(path->local);
}

}  // namespace

Task<std::variant<post::Route, Reply>> find_recipient(Site* site, Path from, std::string address,
                                                      std::optional<std::uint64_t> size, net::Deadline deadline) {
  auto answer = co_await site->rcpts.resolve_rcpt(address, deadline);
  if (!answer) co_return Reply(answer.error());
  using enum post::RcptAnswer::Kind;
  switch (answer->kind) {
    case remote:
      co_return Reply(550, "5.7.1", "This server does not relay: the domain is not served here");
    case unknown:
      if (answer->fault) co_return Reply(550, "5.1.1", std::string(srs_fault_row(*answer->fault).en));
      co_return Reply(550, "5.1.1", "No such mailbox here");
    case account:
    case mda:
    case alias:
      break;
  }
  // RFC 5321 §4.5.5: what comes back has the null reverse-path. Others would use us to write to who never wrote to
  // them.
  if (!from.null() && for_notifications(*answer, address))
    co_return Reply(550, "5.7.1", "This address takes notifications only: write to the author of the letter");
  auto routed = co_await post::route(&site->rcpts, address, deadline);
  if (!routed) co_return Reply(routed.error());
  if (auto full = co_await no_room(&site->mailboxes, &*routed, size, deadline)) co_return std::move(*full);
  co_return std::move(*routed);
}

}  // namespace chappe::agents
