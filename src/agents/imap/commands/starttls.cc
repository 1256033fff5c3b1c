// STARTTLS (RFC 9051 §6.2.1).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

Task<void> proceed(Conversation* c, Call call, wire::Starttls) {
  c->ok(call, {}, "begin the handshake");
  if (!co_await c->flush()) co_return;
  c->receiver().start_tls();
  if (!co_await c->session().start_tls()) co_return c->broken();
  c->facts().tls = true;
  c->facts().plain_login = true;
}

}  // namespace chappe::agents::imap
