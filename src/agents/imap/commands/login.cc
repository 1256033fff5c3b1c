// LOGIN and AUTHENTICATE (RFC 9051 §6.2.2, §6.2.3).
#include "agents/imap/commands/proceed.h"

namespace chappe::agents::imap {

Task<void> logged_in(Conversation* c, Call call, LoggedIn who) {
  c->account = who.account;
  c->user = who.address;
  c->facts().state = wire::State::authenticated;
  // The account's open mailboxes are used on one shard only.
  co_await c->session().move_to(c->site().shards.home(who.account.value));
  c->ok(call, "CAPABILITY " + c->capabilities(), "you are logged in");
}

namespace {

void refused(Conversation* c, const Call& call, const Error& error) {
  if (error.code() == Errc::unsupported) return c->no(call, "CANNOT", error.text());
  c->no(call, error);
  if (error.code() == Errc::unauthenticated && ++c->failed_logins >= Conversation::kFailedLogins)
    c->bye("", "too many failed logins", "refused");
}

}  // namespace

Task<void> proceed(Conversation* c, Call call, wire::Login args) {
  auto who = co_await c->login().password(std::move(args.user), crypto::Secret::take(std::move(args.password)));
  if (!who) co_return refused(c, call, who.error());
  co_await logged_in(c, std::move(call), std::move(*who));
}

Task<void> proceed(Conversation* c, Call call, wire::Authenticate args) {
  auto step = co_await c->login().begin(std::move(args.mechanism), std::move(args.initial));
  for (;;) {
    if (!step) co_return refused(c, call, step.error());
    if (auto* who = std::get_if<LoggedIn>(&*step)) {
      LoggedIn done = std::move(*who);
      co_return co_await logged_in(c, std::move(call), std::move(done));
    }
    c->receiver().challenge(std::get<trust::SaslChallenge>(*step).data, c->out());
    const auto response = co_await c->take_sasl();
    if (!response) co_return;
    if (response->cancelled) {
      c->login().cancel();
      co_return c->bad(call, "the exchange was given up");  // RFC 9051 §6.2.2
    }
    step = co_await c->login().respond(response->octets);
  }
}

}  // namespace chappe::agents::imap
