// STATUS (RFC 9051 §6.3.11).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

void write_status_of(Conversation& c, const post::MailboxInfo& info, const std::vector<wire::StatusItem>& items) {
  std::vector<std::pair<wire::StatusItem, std::uint64_t>> values;
  for (const wire::StatusItem item : items) {
    const auto value = [&]() -> std::uint64_t {
      using enum wire::StatusItem;
      switch (item) {
        case messages:
          return info.messages;
        case uidnext:
          return info.uidnext;
        case uidvalidity:
          return info.uidvalidity;
        case unseen:
          return info.unseen;
        case deleted:
          return info.deleted;
        case size:
          return info.size;
        case recent:
        case mailboxid:
          return 0;
        case highestmodseq:
          return std::max<std::uint64_t>(1, info.highestmodseq.value);
        case appendlimit:
          return c.receiver().limits().append;
      }
      return 0;
    };
    values.emplace_back(item, value());
    if (item == wire::StatusItem::highestmodseq) c.condstore = true;  // RFC 7162 §3.1
  }
  const Bytes id = fmt::format("F{}", info.id.value);
  wire::write_status_row(c.out(), {.mailbox = info.name, .values = values, .mailboxid = id}, c.utf8());
}

Task<void> proceed(Conversation* c, Call call, wire::Status args) {
  const auto info = co_await c->mailboxes().find(c->account, std::move(args.mailbox), c->deadline());
  if (!info) co_return c->no(call, info.error());
  write_status_of(*c, *info, args.items);
  co_await c->finish(std::move(call));
}

}  // namespace chappe::agents::imap
