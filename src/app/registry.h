// Who answers this process's questions about addresses and people, by its roles: its own directory; the mda of the site
// (server.mda), asked over LMTP; or, in a process that only carries letters, nobody: all the world is elsewhere.
// Made at start, outlives the sessions; members may be used from any shard.
#pragma once

#include <memory>

#include "agents/door/login.h"
#include "agents/mta/callout.h"
#include "agents/mta/login_relay.h"
#include "app/config.h"
#include "post/directory/directory.h"
#include "post/keys/signer.h"
#include "post/policy/rules.h"

namespace chappe::app {

class Registry {
 public:
  struct Parts {
    post::Directory& directory;
    post::Keys& keys;
    post::LocalRules& rules;
    net::Offload& offload;
    dns::Resolver* resolver;  // null only where no mda has to be asked
    net::Shards& shards;
    Log& log;
    Metrics& metrics;
  };
  // Errc::config: server.mda_ca cannot be used.
  static Result<std::unique_ptr<Registry>> make(const Config::Server& config, Parts parts);
  ~Registry();

  void start();
  void stop();

  // Asked at the doors, at RCPT and MAIL.
  post::RcptSource& rcpts() { return *rcpts_; }
  post::SenderSource& senders() { return *senders_; }
  // Asked what holds for letters to somebody. Null: nobody is taken letters for.
  post::RuleSource* rules() { return rules_; }
  // Asked for the sender whom a notification is for.
  post::RcptSource& authors() { return *authors_; }
  agents::SaslLogins logins();
  // Who signs our people's letters and our notifications: the keys here, or the mda. Null: nobody.
  post::Signer* signer() { return signer_.get(); }
  // The mda, where it is another process; and the certificates that it must be known by.
  agents::mta::NextHop mda() const { return mda_; }
  std::shared_ptr<const crypto::TlsClient> trust() const { return trust_; }

 private:
  class Elsewhere;
  Registry() = default;

  agents::mta::NextHop mda_;
  std::shared_ptr<const crypto::TlsClient> trust_;
  std::unique_ptr<agents::Callout> callout_;
  std::unique_ptr<agents::LoginRelayParts> relay_;
  std::unique_ptr<Elsewhere> elsewhere_;
  std::unique_ptr<post::Signer> signer_;
  post::RcptSource* rcpts_ = nullptr;
  post::RcptSource* authors_ = nullptr;
  post::SenderSource* senders_ = nullptr;
  post::RuleSource* rules_ = nullptr;
};

}  // namespace chappe::app
