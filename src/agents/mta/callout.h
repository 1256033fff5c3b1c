// Questions to the mda of the site, from a process that keeps no mailboxes: who has an address, who may write as one,
// and which rules hold for letters to one. Asked by LMTP on connections that are kept (MAIL, RCPT, RSET), answered from
// memory while an answer is fresh. Who asks does not know: it is a RcptSource, a SenderSource and a RuleSource like the
// directory and the rules of the store.
//
// The mda says 2xx for a mailbox, 550 5.7.1 for a domain that is not ours, another 5xx for nobody, 4.2.2 for a full
// mailbox (agents/door/recipient.h); to MAIL 2xx for a sender who may, 550 5.7.1 for one who may on behalf, and 553
// 5.7.1 for who may not (agents/mda/delivery.cc); for rules see agents/door/rules_question.h. Without an answer, and
// without one in memory, the error is temporary: nobody who is unknown is accepted, and nobody who is known refused for
// good, because the mda is away.
//
// Answers and connections live on the shard that the address's domain falls on, without locks; questions that are the
// same wait for one answer. May be asked from any executor. Owned by app/; start() and stop() as for Mta.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "agents/mta/peer.h"
#include "agents/mta/route.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/shard.h"
#include "post/delivery/route.h"
#include "post/directory/people.h"
#include "post/policy/known.h"

namespace chappe::agents {

struct CalloutLimits {
  // How long an answer is believed: a yes, a no, and a yes while the mda does not answer.
  Duration yes = std::chrono::minutes(5);
  Duration no = std::chrono::minutes(1);
  Duration yes_without_mda = std::chrono::hours(4);
  std::size_t answers = 20'000;              // remembered by a shard; beyond, what was not asked for longest goes
  std::size_t rules = 4'096;                 // texts of rules that are remembered, by their digest
  std::size_t questions = 5'000;             // of a shard that wait for an answer
  std::size_t connections = 4;               // of a shard
  Duration turn = std::chrono::seconds(20);  // that a question waits for a connection
  Duration pause = std::chrono::seconds(1);  // that the mda is left alone after it could not be reached
};

// Somebody waits at the door meanwhile.
inline constexpr mta::PeerTimes kCalloutTimes = {
    .connect = std::chrono::seconds(5), .greeting = std::chrono::seconds(5), .command = std::chrono::seconds(15)};

struct CalloutOptions {
  std::string hostname = {};  // what we call ourselves
  mta::NextHop mda = {};
  std::shared_ptr<const crypto::TlsClient> trust = {};  // the certificates it must be known by; none: whoever answers
  mta::PeerTimes times = kCalloutTimes;
  CalloutLimits limits = {};
};

class Callout final : public post::RcptSource, public post::SenderSource, public post::RuleSource {
 public:
  // All must outlive it.
  struct Parts {
    net::Shards& shards;
    dns::Resolver& resolver;
    Clock& clock;
    Log& log;
    Metrics& metrics;
  };
  // Errc::bug: OpenSSL gives no context.
  static Result<std::unique_ptr<Callout>> make(Parts parts, CalloutOptions options);
  ~Callout() override;

  // From any thread, once each. Before and after, every question ends in Errc::unavailable.
  void start();
  void stop();

  net::Task<Result<post::RcptAnswer>> resolve_rcpt(std::string address, net::Deadline deadline) override;
  net::Task<Result<post::SendRight>> may_send(post::LoggedIn who, std::string address, net::Deadline deadline) override;
  // What was changed is heard of when the answer about the address is asked for again.
  net::Task<Result<std::vector<post::KnownChain>>> rules_for(std::string address, post::AccountId,
                                                             net::Deadline deadline) override;

 private:
  struct State;
  explicit Callout(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace chappe::agents
