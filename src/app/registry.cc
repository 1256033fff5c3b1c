#include "app/registry.h"

#include "agents/mta/sign_relay.h"

namespace chappe::app {

// Of a process that keeps no mailboxes and asks nobody.
class Registry::Elsewhere final : public post::RcptSource, public post::SenderSource {
 public:
  net::Task<Result<post::RcptAnswer>> resolve_rcpt(std::string address, net::Deadline) override {
    post::RcptAnswer out;
    if (address.contains('@')) out.kind = post::RcptAnswer::Kind::remote;
    co_return out;
  }
  net::Task<Result<post::SendRight>> may_send(post::LoggedIn, std::string, net::Deadline) override {
    co_return post::SendRight::none;
  }
};

Registry::~Registry() = default;

Result<std::unique_ptr<Registry>> Registry::make(const Config::Server& config, Parts parts) {
  std::unique_ptr<Registry> out(new Registry);
  Registry& r = *out;
  if (config.plays(Actor::mda)) {
    r.rcpts_ = r.authors_ = &parts.directory;
    r.senders_ = &parts.directory;
    r.rules_ = &parts.rules;
    r.signer_ = std::make_unique<post::KeySigner>(parts.keys, parts.offload, system_clock());
    return out;
  }
  r.elsewhere_ = std::make_unique<Elsewhere>();
  r.rcpts_ = r.authors_ = r.elsewhere_.get();
  r.senders_ = r.elsewhere_.get();
  if (config.mda.host.empty()) return out;

  r.mda_ = {config.mda.host, config.mda.port};
  if (!config.mda_ca.value.empty()) r.trust_ = TRY(crypto::TlsClient::trusting(config.mda_ca.value));
  r.callout_ = TRY(agents::Callout::make({.shards = parts.shards,
                                          .resolver = *parts.resolver,
                                          .clock = system_clock(),
                                          .log = parts.log,
                                          .metrics = parts.metrics},
                                         {.hostname = config.hostname, .mda = r.mda_, .trust = r.trust_}));
  r.relay_ = std::make_unique<agents::LoginRelayParts>(
      TRY(agents::login_relay_parts(*parts.resolver, r.mda_, config.hostname, r.trust_)));
  r.signer_ = std::make_unique<agents::SignRelay>(*r.relay_);
  r.authors_ = r.callout_.get();
  // Who only carries letters for other hosts of the site takes them for anybody, whether the mda answers or not.
  if (!config.plays(Actor::mx) && !config.plays(Actor::msa)) return out;
  r.rcpts_ = r.callout_.get();
  r.senders_ = r.callout_.get();
  r.rules_ = r.callout_.get();
  return out;
}

void Registry::start() {
  if (callout_) callout_->start();
}

void Registry::stop() {
  if (callout_) callout_->stop();
}

agents::SaslLogins Registry::logins() {
  if (!relay_)
    return [](agents::Session& session) -> std::unique_ptr<agents::SaslLogin> {
      return std::make_unique<agents::Login>(session);
    };
  return [parts = relay_.get()](agents::Session& session) -> std::unique_ptr<agents::SaslLogin> {
    return std::make_unique<agents::LoginRelay>(session, parts);
  };
}

}  // namespace chappe::app
