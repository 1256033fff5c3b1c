// COPY and MOVE, with their UID forms (RFC 9051 §6.4.7, §6.4.8; COPYUID: RFC 4315 §3).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

namespace {

// Where to, and what; nothing when the command was answered already.
struct Job {
  post::MailboxId target;
  post::UidSet uids;
};

Task<std::optional<Job>> prepare(Conversation* c, Call call, wire::SequenceSet set, std::string mailbox) {
  const auto seqs = c->resolve(set, call.uid);
  if (!seqs) {
    c->bad(call, seqs.error().text());
    co_return std::nullopt;
  }
  const auto info = co_await c->mailboxes().find(c->account, std::move(mailbox), c->deadline());
  if (!info) {
    const bool missing = info.error().code() == Errc::not_found;
    c->no(call, missing ? "TRYCREATE" : error_row(info.error().code()).imap, info.error().text());
    co_return std::nullopt;
  }
  co_return Job{info->id, c->uids_of(*seqs)};
}

Bytes copy_uid(const post::Copied& copied) {
  if (copied.uids.empty()) return {};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  pairs.reserve(copied.uids.size());
  for (const auto& [source, target] : copied.uids) pairs.emplace_back(source.value, target.value);
  return wire::copy_uid_code(copied.uidvalidity, pairs);
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Copy args) {
  auto job = co_await prepare(c, call, std::move(args.set), std::move(args.mailbox));
  if (!job) co_return;
  const auto copied = co_await c->mailboxes().copy(c->account, c->selected->id, std::move(job->uids), job->target,
                                                   c->commit_deadline());
  if (!copied) co_return c->no(call, copied.error());
  co_await c->finish(std::move(call), copy_uid(*copied));
}

Task<void> proceed(Conversation* c, Call call, wire::Move args) {
  if (c->selected->read_only) co_return c->no(call, "NOPERM", "the mailbox is open for reading only");
  auto job = co_await prepare(c, call, std::move(args.set), std::move(args.mailbox));
  if (!job) co_return;
  const auto moved = co_await c->mailboxes().move(c->account, c->selected->id, std::move(job->uids), job->target,
                                                  c->commit_deadline());
  if (!moved) co_return c->no(call, moved.error());
  // RFC 6851 §4.3: COPYUID goes ahead of the EXPUNGEs, untagged.
  const Bytes code = copy_uid(*moved);
  if (!code.empty()) wire::write_untagged(c->out(), "OK", code, "moved");
  co_await c->finish(std::move(call));
}

}  // namespace chappe::agents::imap
