// GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1). An account has one quota root, with an empty name; what it may keep is set
// by the operator, so there is no SETQUOTA.
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

namespace {

constexpr ByteView kRoot = "";
constexpr std::uint64_t kUnit = 1024;  // RFC 9208 §5.1: STORAGE counts these

void write_usage(Conversation* c, const post::Usage& usage) {
  std::vector<wire::QuotaRow> rows;
  if (usage.limit) rows.push_back({"STORAGE", (usage.size + kUnit - 1) / kUnit, (usage.limit + kUnit - 1) / kUnit});
  if (usage.message_limit) rows.push_back({"MESSAGE", usage.messages, usage.message_limit});
  wire::write_quota(c->out(), kRoot, rows);
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::GetQuota args) {
  if (args.root != kRoot) co_return c->no(call, "NONEXISTENT", "there is no such quota root");
  const auto usage = co_await c->mailboxes().usage(c->account, c->deadline());
  if (!usage) co_return c->no(call, usage.error());
  write_usage(c, *usage);
  c->ok(call);
}

Task<void> proceed(Conversation* c, Call call, wire::GetQuotaRoot args) {
  const auto info = co_await c->mailboxes().find(c->account, std::move(args.mailbox), c->deadline());
  if (!info) co_return c->no(call, info.error());
  const auto usage = co_await c->mailboxes().usage(c->account, c->deadline());
  if (!usage) co_return c->no(call, usage.error());
  wire::write_quota_root(c->out(), info->name, kRoot, c->utf8());
  write_usage(c, *usage);
  c->ok(call);
}

}  // namespace chappe::agents::imap
