#include "agents/door/quota.h"

namespace chappe::agents {

using proto::smtp::Reply;

namespace {

constexpr std::string_view kFull = "The mailbox is full; try again later";

}  // namespace

net::Task<std::optional<Reply>> no_room(post::Mailboxes* mailboxes, const post::Route* route,
                                        std::optional<std::uint64_t> size, net::Deadline deadline) {
  if (route->full) co_return Reply(452, "4.2.2", kFull);
  bool never = true;
  for (const post::Route::End& end : route->ends) {
    if (end.destination.kind != post::Destination::Kind::mailbox) co_return std::nullopt;
    const auto usage = co_await mailboxes->usage(end.destination.account, deadline);
    if (!usage) co_return Reply(usage.error());
    if (usage->holds(size.value_or(0))) co_return std::nullopt;
    never = never && size && usage->never_holds(*size);
  }
  // RFC 1870 §6.4: 552 only if waiting cannot help. RFC 5248, X.2.2: the mailbox is full.
  if (never) co_return Reply(552, "5.2.2", "The letter is larger than all that the mailbox may keep");
  co_return Reply(452, "4.2.2", kFull);
}

}  // namespace chappe::agents
