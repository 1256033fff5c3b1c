#include "agents/door/login.h"

#include "base/text.h"

namespace chappe::agents {

using net::Task;

namespace {

const Event kLoggedIn("login.ok", Level::info, {"session", "door", "peer", "account", "how"}, "Somebody logged in.");
const Event kFailed("login.failed", Level::warning, {"session", "door", "peer", "name", "how", "error"},
                    "A login failed: an unknown name or a wrong password. Many from one peer are somebody guessing; it "
                    "is slowed down and then turned away for a while by itself.");
const Event kThrottled("login.throttled", Level::warning, {"session", "door", "peer", "name"},
                       "A login was turned away unseen, because too many failed before it. It passes by itself within "
                       "minutes.");

// A name as the throttle counts it: what differs only in case is one.
std::string counted(std::string_view name) { return to_lower(name.substr(0, 256)); }

Error wrong() { return {Errc::unauthenticated, "Authentication failed: check the name and the password"}; }

void note_failure(Session& session, const std::string& name, const std::string& how) {
  session.door().logins_failed.add();
  session.site().log.event(kFailed, session.id(), session.door().name, session.peer().describe(), printable(name), how,
                           wrong());
}

}  // namespace

std::vector<std::string> Login::mechanisms(bool tls) {
  std::vector<std::string> out;
  for (const auto m : {trust::SaslMechanism::scram_sha_256, trust::SaslMechanism::plain, trust::SaslMechanism::login})
    if (tls || !trust::sasl_shows_password(m)) out.emplace_back(trust::sasl_name(m));
  return out;
}

Result<void> Login::may_try(const std::string& name) {
  return from_ == From::own_host ? Result<void>() : SaslLogin::may_try(name);
}

Task<Error> Login::failed(std::string name, std::string how) {
  if (from_ == From::client) co_return co_await SaslLogin::failed(std::move(name), std::move(how));
  note_failure(session_, name, how);
  co_return wrong();
}

Result<void> SaslLogin::may_try(const std::string& name) {
  if (session_.site().throttle.may_try(session_.peer().network(), counted(name))) return {};
  session_.site().trail.note_refused(session_.door().name, session_.peer().network(), "login");
  session_.site().log.event(kThrottled, session_.id(), session_.door().name, session_.peer().describe(),
                            printable(name));
  return fail(Errc::busy, "Too many failed logins; try again in a few minutes");
}

Task<Error> SaslLogin::failed(std::string name, std::string how) {
  Site& site = session_.site();
  note_failure(session_, name, how);
  const std::string network = session_.peer().network();
  site.throttle.failed(network, counted(name));
  site.trail.note_refused(session_.door().name, network, "login");
  (void)co_await net::sleep(session_.within(site.throttle.delay(network, counted(name))));
  co_return wrong();
}

void SaslLogin::welcome(const LoggedIn& who, const std::string& how) {
  Site& site = session_.site();
  session_.door().logins.add();
  site.log.event(kLoggedIn, session_.id(), session_.door().name, session_.peer().describe(), who.address, how);
  session_.logged_in(who.address);
}

Task<Result<LoggedIn>> Login::succeeded(post::AccountId id, std::string how) {
  Site& site = session_.site();
  const post::Account account = CO_TRY(co_await site.directory.account(id, session_.within(site.limits.login)));
  LoggedIn who{id, account.address.written()};
  site.throttle.succeeded(session_.peer().network(), counted(who.address));
  welcome(who, how);
  co_return who;
}

Task<Result<LoggedIn>> Login::password(std::string name, crypto::Secret password) {
  CO_TRY(may_try(name));
  const auto deadline = session_.within(session_.site().limits.login);
  auto who = co_await session_.site().directory.verify_password(name, std::move(password), deadline);
  if (who) co_return co_await succeeded(*who, "password");
  if (who.error().temporary()) co_return std::unexpected(std::move(who.error()));
  co_return std::unexpected(co_await failed(std::move(name), "password"));
}

Task<Result<SaslLogin::Step>> Login::begin(std::string mechanism, std::optional<Bytes> initial) {
  const auto wanted = trust::sasl_mechanism(mechanism);
  const bool closed = session_.stream().tls() || (from_ == From::own_host && session_.peer().loopback());
  if (!wanted || (trust::sasl_shows_password(*wanted) && !closed))
    co_return fail(Errc::unsupported, "{} is not offered here", printable(mechanism, 40));
  sasl_ = trust::make_sasl_server(*wanted, session_.site().random);
  std::optional<ByteView> first;
  if (initial) first = *initial;
  co_return co_await run(sasl_->start(first));
}

Task<Result<SaslLogin::Step>> Login::respond(Bytes response) {
  if (!sasl_) co_return fail(Errc::bug, "an answer to no challenge");
  co_return co_await run(sasl_->step(response));
}

Task<Result<SaslLogin::Step>> Login::run(trust::SaslStep step) {
  const auto deadline = session_.within(session_.site().limits.login);
  auto& directory = session_.site().directory;
  for (;;) {
    if (auto* challenge = std::get_if<trust::SaslChallenge>(&step)) co_return std::move(*challenge);
    const std::string how(trust::sasl_name(sasl_->mechanism()));
    if (auto* need = std::get_if<trust::NeedPassword>(&step)) {
      name_ = need->authcid;
      // Acting as somebody else is for administrators, who come with the control door.
      if (!need->authzid.empty() && !iequals(need->authzid, need->authcid)) {
        sasl_.reset();
        co_return std::unexpected(co_await failed(name_, how));
      }
      CO_TRY(may_try(name_));
      auto who = co_await directory.verify_password(name_, std::move(need->password), deadline);
      if (!who && who.error().temporary()) co_return std::unexpected(std::move(who.error()));
      if (who) {
        sasl_.reset();
        co_return co_await succeeded(*who, how);
      }
      step = sasl_->on_password(false);
    } else if (auto* scram = std::get_if<trust::NeedScram>(&step)) {
      name_ = scram->authcid;
      if (!scram->authzid.empty() && !iequals(scram->authzid, scram->authcid)) {
        sasl_.reset();
        co_return std::unexpected(co_await failed(name_, how));
      }
      CO_TRY(may_try(name_));
      auto verifier = co_await directory.scram_verifier(name_, deadline);
      if (!verifier) co_return std::unexpected(std::move(verifier.error()));
      scram_account_ = verifier->account;
      step = sasl_->on_scram(&verifier->verifier);
    } else if (std::holds_alternative<trust::SaslDone>(step)) {
      // Only SCRAM comes here: the proof was right, and a false verifier has no right proof.
      sasl_.reset();
      co_return co_await succeeded(scram_account_, how);
    } else {
      const auto& refused = std::get<trust::SaslFailed>(step);
      const std::string text = refused.text;
      const bool credentials = refused.why == trust::SaslRefusal::credentials;
      sasl_.reset();
      if (!credentials) co_return fail(Errc::unauthenticated, "Authentication failed: {}", text);
      co_return std::unexpected(co_await failed(name_, how));
    }
  }
}

}  // namespace chappe::agents
