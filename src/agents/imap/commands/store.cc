// STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).
#include <algorithm>

#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

namespace {

constexpr std::size_t kAtOnce = 500;

// RFC 7162 §3.1.3: the messages that were left alone, as the client named them.
Bytes modified_code(Conversation* c, const post::UidSet& uids, bool by_uid) {
  if (uids.empty()) return {};
  std::vector<std::uint32_t> numbers;
  for (const post::Uid uid : uids.uids()) {
    const std::uint32_t number = by_uid ? uid.value : c->selected->view->seq(uid);
    if (number) numbers.push_back(number);
  }
  Bytes out = "MODIFIED ";
  wire::write_ranges(out, wire::to_ranges(numbers));
  return out;
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Store args) {
  if (c->selected->read_only) co_return c->no(call, "NOPERM", "the mailbox is open for reading only");
  if (args.unchanged_since) c->condstore = true;  // RFC 7162 §3.1
  const auto seqs = c->resolve(args.set, call.uid);
  if (!seqs) co_return c->bad(call, seqs.error().text());
  post::FlagChange change;
  change.uids = c->uids_of(*seqs);
  change.flags = to_flag_list(args.flags);
  using How = post::FlagChange::How;
  change.how = args.how == wire::Store::How::add      ? How::add
               : args.how == wire::Store::How::remove ? How::remove
                                                      : How::replace;
  if (args.unchanged_since) change.unchanged_since = post::ModSeq{*args.unchanged_since};
  const auto done =
      co_await c->mailboxes().store_flags(c->account, c->selected->id, std::move(change), c->commit_deadline());
  if (!done) co_return c->no(call, done.error());

  // News of others first, and with it the names of new keywords; then what this command did, changed or not.
  std::optional<post::ModSeq> own;
  if (done->modseq.value > 0) own = done->modseq;
  (void)co_await c->announce(call.uid ? post::View::Expunges::announce : post::View::Expunges::keep, own);
  if (c->ending()) co_return;
  std::size_t n = 0;
  for (const post::MessageState& state : done->states) {
    const std::uint32_t seq = c->selected->view->seq(state.uid);
    if (seq && !args.silent) {
      c->write_flags_of(seq, state, call.uid);
    } else if (seq && c->condstore) {
      // RFC 7162 §3.1.3: silent or not, the new mod-sequence is told.
      wire::write_fetch_head(c->out(), seq);
      c->out() += fmt::format("UID {} MODSEQ ({}))\r\n", state.uid.value, state.modseq.value);
    }
    if (++n % kAtOnce != 0) continue;
    if (!co_await c->room()) co_return;
    co_await net::yield();
  }
  co_await c->finish(call, modified_code(c, done->modified, call.uid));
}

}  // namespace chappe::agents::imap
