// SELECT, EXAMINE, CLOSE and UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2; RFC 7162 §3.1.8, §3.2.5).
#include <algorithm>

#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

namespace {

constexpr std::uint32_t kFetchAtOnce = 1000;

std::vector<wire::Range> ranges_of(const post::UidSet& set) {
  std::vector<wire::Range> out;
  for (const auto& r : set.ranges()) out.push_back({r.first, r.last});
  return out;
}

// What two ascending lists have in common.
std::vector<wire::Range> both(std::span<const wire::Range> a, std::span<const wire::Range> b) {
  std::vector<wire::Range> out;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const wire::Range common{std::max(a[i].first, b[j].first), std::min(a[i].last, b[j].last)};
    if (common.first <= common.last) out.push_back(common);
    if (a[i].last < b[j].last)
      ++i;
    else
      ++j;
  }
  return out;
}

// RFC 7162 §3.2.5: what went and what changed since the client was here last.
Task<void> resynchronize(Conversation* c, wire::Select::Qresync qresync) {
  const post::View& view = *c->selected->view;
  if (qresync.uidvalidity != view.mailbox().info().uidvalidity) co_return;
  const post::ModSeq since{qresync.modseq};
  auto gone = co_await c->mailboxes().expunged_since(c->account, c->selected->id, since, c->deadline());
  if (gone) {
    std::vector<wire::Range> vanished = ranges_of(*gone);
    if (qresync.known_uids) vanished = both(vanished, qresync.known_uids->resolve(0));
    wire::write_vanished(c->out(), true, vanished);
  }
  for (std::uint32_t seq = 1; seq <= view.size();) {
    seq = view.each(seq, seq + kFetchAtOnce - 1, [&](std::uint32_t number, const post::MessageState* state) {
      if (state && state->modseq > since) c->write_flags_of(number, *state, true);
      return true;
    });
    if (!co_await c->room()) co_return;
    co_await net::yield();
  }
}

void write_state(Conversation* c) {
  Bytes& out = c->out();
  const post::View& view = *c->selected->view;
  const post::MailboxInfo& info = view.mailbox().info();
  c->write_mailbox_flags();
  wire::write_numbered(out, view.size(), "EXISTS");
  if (!c->rev2()) {
    // RFC 3501 §2.3.2: \Recent cannot be told reliably, so nothing is; RFC 9051 drops it.
    wire::write_numbered(out, 0, "RECENT");
    std::uint32_t unseen = 0;
    if (info.unseen > 0)
      view.each(1, view.size(), [&](std::uint32_t seq, const post::MessageState* state) {
        if (state && !state->flags.has(post::Flag::seen)) unseen = seq;
        return unseen == 0;
      });
    if (unseen) wire::write_untagged(out, "OK", fmt::format("UNSEEN {}", unseen), "the first one not seen");
  }
  wire::write_untagged(out, "OK", fmt::format("UIDVALIDITY {}", info.uidvalidity), "UIDs are valid");
  wire::write_untagged(out, "OK", fmt::format("UIDNEXT {}", info.uidnext), "the next UID");
  wire::write_untagged(out, "OK", fmt::format("HIGHESTMODSEQ {}", std::max<std::uint64_t>(1, info.highestmodseq.value)),
                       "the last change");
  wire::write_untagged(out, "OK", fmt::format("MAILBOXID (F{})", info.id.value),
                       "the mailbox itself");  // RFC 8474 §4.2
  // RFC 9051 §6.3.2: a LIST response is part of the answer.
  if (c->rev2()) wire::write_list(out, "LIST", {.attributes = {}, .separator = '/', .mailbox = info.name}, c->utf8());
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Select args) {
  const bool had = c->selected.has_value();
  // RFC 9051 §6.3.2: whatever comes of it, the mailbox before is no longer selected.
  c->unselect();
  if (had) wire::write_untagged(c->out(), "OK", "CLOSED", "the mailbox before is closed");
  if (args.qresync && !c->qresync) co_return c->bad(call, "QRESYNC comes after ENABLE QRESYNC");  // RFC 7162 §3.2.5
  if (args.condstore) c->condstore = true;
  const auto info = co_await c->mailboxes().find(c->account, args.mailbox, c->deadline());
  if (!info) co_return c->no(call, info.error());
  auto view = co_await c->mailboxes().open(c->account, info->id, c->deadline());
  if (!view) co_return c->no(call, view.error());
  c->selected.emplace(std::move(*view), info->id, info->name, args.examine);
  c->facts().state = wire::State::selected;
  write_state(c);
  if (args.qresync) co_await resynchronize(c, std::move(*args.qresync));
  c->ok(call, args.examine ? "READ-ONLY" : "READ-WRITE");
}

Task<void> proceed(Conversation* c, Call call, wire::Close) {
  // RFC 9051 §6.4.1: takes away what has \Deleted, and says nothing about it.
  if (!c->selected->read_only) {
    const auto gone = co_await c->mailboxes().expunge(c->account, c->selected->id, post::UidSet::all(),
                                                      post::Expunge::deleted, c->commit_deadline());
    if (!gone) co_return c->no(call, gone.error());
  }
  c->unselect();
  c->ok(call);
}

Task<void> proceed(Conversation* c, Call call, wire::Unselect) {
  c->unselect();
  c->ok(call);
  co_return;
}

}  // namespace chappe::agents::imap
