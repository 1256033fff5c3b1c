// EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

Task<void> proceed(Conversation* c, Call call, wire::Expunge args) {
  if (c->selected->read_only) co_return c->no(call, "NOPERM", "the mailbox is open for reading only");
  post::UidSet among = post::UidSet::all();
  if (args.uids) {
    const auto seqs = c->resolve(*args.uids, true);
    if (!seqs) co_return c->bad(call, seqs.error().text());
    among = c->uids_of(*seqs);
  }
  const auto gone = co_await c->mailboxes().expunge(c->account, c->selected->id, std::move(among),
                                                    post::Expunge::deleted, c->commit_deadline());
  if (!gone) co_return c->no(call, gone.error());
  Bytes code;
  if (c->condstore && !gone->empty()) {
    (void)co_await c->announce(post::View::Expunges::announce);
    if (c->ending()) co_return;
    // RFC 7162 §3.2.7
    code = fmt::format("HIGHESTMODSEQ {}", c->selected->view->mailbox().info().highestmodseq.value);
  }
  co_await c->finish(std::move(call), std::move(code));
}

}  // namespace chappe::agents::imap
