// CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8, RFC 6154 §3).
#include "agents/imap/commands/proceed.h"
#include "agents/imap/special_use.h"

namespace chappe::agents::imap {

namespace {

// Takes the answer of a change to the tree.
Task<void> answer(Conversation* c, Call call, Result<void> done) {
  if (!done) co_return c->no(call, done.error());
  co_await c->finish(std::move(call));
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Create args) {
  post::SpecialUse use = post::SpecialUse::none;
  for (const Bytes& name : args.special_use) {
    const auto known = special_use(name);
    if (!known || use != post::SpecialUse::none)
      co_return c->no(call, "USEATTR", "that use cannot be given");  // RFC 6154 §3
    use = *known;
  }
  const auto made = co_await c->mailboxes().create(c->account, std::move(args.mailbox), use, c->commit_deadline());
  if (!made) co_return c->no(call, made.error());
  co_await c->finish(std::move(call), fmt::format("MAILBOXID (F{})", made->id.value));  // RFC 8474 §4.1
}

Task<void> proceed(Conversation* c, Call call, wire::Delete args) {
  const auto info = co_await c->mailboxes().find(c->account, args.mailbox, c->deadline());
  if (!info) co_return c->no(call, info.error());
  const bool own = c->selected && c->selected->id == info->id;
  auto done = co_await c->mailboxes().remove(c->account, std::move(args.mailbox), c->commit_deadline());
  if (done && own) {
    c->unselect();
    wire::write_untagged(c->out(), "OK", "CLOSED", "the selected mailbox is gone");
  }
  co_await answer(c, std::move(call), std::move(done));
}

Task<void> proceed(Conversation* c, Call call, wire::Rename args) {
  co_await answer(
      c, std::move(call),
      co_await c->mailboxes().rename(c->account, std::move(args.from), std::move(args.to), c->commit_deadline()));
}

Task<void> proceed(Conversation* c, Call call, wire::Subscribe args) {
  co_await answer(c, std::move(call),
                  co_await c->mailboxes().subscribe(c->account, std::move(args.mailbox), true, c->commit_deadline()));
}

Task<void> proceed(Conversation* c, Call call, wire::Unsubscribe args) {
  auto done = co_await c->mailboxes().subscribe(c->account, std::move(args.mailbox), false, c->commit_deadline());
  // Nothing is not subscribed.
  if (!done && done.error().code() == Errc::not_found) done = {};
  co_await answer(c, std::move(call), std::move(done));
}

}  // namespace chappe::agents::imap
