// COPY and MOVE, with their UID forms (RFC 9051 §6.4.7, §6.4.8; COPYUID: RFC 4315 §3).
#include <algorithm>

#include "agents/imap/commands/proceed.h"
#include "post/reputation/reputation.h"

namespace chappe::agents::imap {

namespace {

// Where to, and what; nothing when the command was answered already.
struct Job {
  post::MailboxInfo target;
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
  co_return Job{*info, c->uids_of(*seqs)};
}

Bytes copy_uid(const post::Copied& copied) {
  if (copied.uids.empty()) return {};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  pairs.reserve(copied.uids.size());
  for (const auto& [source, target] : copied.uids) pairs.emplace_back(source.value, target.value);
  return wire::copy_uid_code(copied.uidvalidity, pairs);
}

// What a reader says of a letter's sender by carrying it from one of these to the other.
std::optional<post::Vote> vote_of(post::SpecialUse from, post::SpecialUse to) {
  using enum post::SpecialUse;
  if ((from == junk) == (to == junk)) return std::nullopt;
  if (to == junk) return post::Vote::spam;
  if (to == trash) return std::nullopt;  // it is only thrown away
  return post::Vote::ham;
}

// Counts the letters that went into Junk or out of it, kVotes at most: more is somebody who tidies up. Errors lose
// votes and nothing else.
Task<void> count_votes(Conversation* c, const post::MailboxInfo* to, const post::Copied* copied) {
  constexpr std::size_t kVotes = 100;
  post::Reputation* const reputation = c->site().reputation;
  if (!reputation || copied->uids.empty()) co_return;
  const auto from = co_await c->mailboxes().find(c->account, c->selected->name, c->deadline());
  if (!from) co_return;
  const auto vote = vote_of(from->special_use, to->special_use);
  if (!vote) co_return;
  for (std::size_t i = 0; i < std::min(copied->uids.size(), kVotes); ++i) {
    const auto record = co_await c->mailboxes().message(c->account, to->id, copied->uids[i].second, c->deadline());
    if (!record) co_return;
    if (*record) reputation->vote((*record)->email, *vote);
  }
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Copy args) {
  auto job = co_await prepare(c, call, std::move(args.set), std::move(args.mailbox));
  if (!job) co_return;
  const auto copied = co_await c->mailboxes().copy(c->account, c->selected->id, std::move(job->uids), job->target.id,
                                                   c->commit_deadline());
  if (!copied) co_return c->no(call, copied.error());
  co_await count_votes(c, &job->target, &*copied);
  co_await c->finish(std::move(call), copy_uid(*copied));
}

Task<void> proceed(Conversation* c, Call call, wire::Move args) {
  if (c->selected->read_only) co_return c->no(call, "NOPERM", "the mailbox is open for reading only");
  auto job = co_await prepare(c, call, std::move(args.set), std::move(args.mailbox));
  if (!job) co_return;
  const auto moved = co_await c->mailboxes().move(c->account, c->selected->id, std::move(job->uids), job->target.id,
                                                  c->commit_deadline());
  if (!moved) co_return c->no(call, moved.error());
  co_await count_votes(c, &job->target, &*moved);
  // RFC 6851 §4.3: COPYUID goes ahead of the EXPUNGEs, untagged.
  const Bytes code = copy_uid(*moved);
  if (!code.empty()) wire::write_untagged(c->out(), "OK", code, "moved");
  co_await c->finish(std::move(call));
}

}  // namespace chappe::agents::imap
