// ENABLE (RFC 9051 §6.3.1, RFC 5161).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

Task<void> proceed(Conversation* c, Call call, wire::Enable args) {
  std::vector<Bytes> enabled;
  for (const Bytes& name : args.capabilities) {
    if (name == "IMAP4REV2" && !c->rev2()) {
      c->facts().rev2 = true;
      c->facts().utf8 = true;
      enabled.emplace_back("IMAP4rev2");
    } else if (name == "UTF8=ACCEPT") {
      c->facts().utf8 = true;
      enabled.push_back(name);
    } else if (name == "CONDSTORE" && !c->condstore) {
      c->condstore = true;
      enabled.push_back(name);
    } else if (name == "QRESYNC" && !c->qresync) {
      c->qresync = c->condstore = true;  // RFC 7162 §3.2.3
      enabled.push_back(name);
    }
  }
  // RFC 5161 §3.2: one response, also when there is nothing to list.
  wire::write_enabled(c->out(), enabled);
  c->ok(call);
  co_return;
}

}  // namespace chappe::agents::imap
