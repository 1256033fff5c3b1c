// CAPABILITY, NOOP, CHECK, LOGOUT, ID, NAMESPACE: what needs nothing of the post office.
#include "agents/imap/commands/proceed.h"
#include "base/text.h"

namespace chappe::agents::imap {

namespace {

const Event kClient("imap.client", Level::debug, {"session", "name", "version"},
                    "The client said what it is (RFC 2971). It may say what it likes.");

std::string said(const wire::Id& id, ByteView field) {
  for (const auto& [name, value] : id.fields)
    if (iequals(name, field) && value) return printable(*value, 60);
  return {};
}

}  // namespace

// RFC 9051 §6.1.1
Task<void> proceed(Conversation* c, Call call, wire::Capability) {
  wire::write_capability(c->out(), c->capabilities());
  c->ok(call);
  co_return;
}

// RFC 9051 §6.1.2: the moment for news.
Task<void> proceed(Conversation* c, Call call, wire::Noop) { co_await c->finish(std::move(call)); }

// RFC 3501 §6.4.1: everything is durable always.
Task<void> proceed(Conversation* c, Call call, wire::Check) { co_await c->finish(std::move(call)); }

// RFC 9051 §6.1.3
Task<void> proceed(Conversation* c, Call call, wire::Logout) {
  c->facts().state = wire::State::logout;
  c->bye("", "goodbye", "quit");
  c->ok(call);
  co_return;
}

// RFC 2971 §3.1. The version is nobody's business.
Task<void> proceed(Conversation* c, Call call, wire::Id args) {
  if (!args.fields.empty()) c->site().log.event(kClient, c->session().id(), said(args, "name"), said(args, "version"));
  const std::pair<Bytes, Bytes> self[] = {{"name", "Chappe"}};
  wire::write_id(c->out(), self);
  c->ok(call);
  co_return;
}

// RFC 2342 §5: one personal namespace without prefix.
Task<void> proceed(Conversation* c, Call call, wire::Namespace) {
  const wire::NamespaceRow personal[] = {{"", '/'}};
  wire::write_namespace(c->out(), personal, {}, {}, c->utf8());
  c->ok(call);
  co_return;
}

}  // namespace chappe::agents::imap
