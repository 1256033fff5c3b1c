// IDLE (RFC 9051 §6.3.13).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

Task<void> proceed(Conversation* c, Call call, wire::Idle) {
  c->receiver().start_idle(c->out());
  // What came before IDLE is told at once.
  (void)co_await c->announce(post::View::Expunges::announce);
  const bool done = co_await c->idle();
  if (c->gone() || c->ending()) co_return;
  if (!done) co_return c->bad(call, "IDLE ends with DONE");
  co_await c->finish(std::move(call));
}

}  // namespace chappe::agents::imap
