// The MTA: takes what is due from the durable queue, finds its way by the DNS, and hands it to other servers
// (RFC 5321 §5.1, §4.5.4.1). Nothing is lost when it dies: a claim is a lease (post/queue).
//
// The pieces: route.h finds the hosts of a domain, peer.h speaks to one, outbound.h keeps the lines of a shard,
// schedule.h says when to come back, settlement.h writes down what came of it and tells the sender.
//
// One task claims; each destination belongs to one shard, whose Outbound carries its letters. Owned by app/.
#pragma once

#include <memory>
#include <string>

#include "agents/mta/outbound.h"
#include "net/shard.h"

namespace chappe::agents {

struct MtaOptions {
  std::string hostname = {};  // what we call ourselves in EHLO and in notifications
  mta::Self self = {};
  std::uint16_t port = 25;  // where other servers listen
  // A smart host that gets what is for others, instead of the way by the DNS.
  mta::NextHop relay = {};
  // Who gets what is for our own mailboxes, when they are kept by another process; and the certificates it must be
  // known by (none: whoever answers there).
  mta::NextHop mda = {};
  std::shared_ptr<const crypto::TlsClient> mda_trust = {};
  mta::PeerTimes times = {};
  mta::OutboundLimits limits = {};
  std::size_t claimed = 20'000;  // recipients that are on their way at a time: those of some slow hosts fit in
};

class Mta {
 public:
  struct Parts {
    net::Shards& shards;
    dns::Resolver& resolver;
    post::Queue& queue;
    post::Deliver& deliver;
    post::Mailboxes& mailboxes;
    post::RcptSource& directory;
    post::LetterIds& ids;
    Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
    post::Signer* signer = nullptr;  // of notifications; null: they are not signed
  };
  // All parts must outlive it. Errc::bug: OpenSSL gives no context.
  static Result<std::unique_ptr<Mta>> make(Parts parts, MtaOptions options);
  ~Mta();

  // From any thread, once each. stop() gives up what is on its way; the queue has it still. The shards wait for the
  // rest.
  void start();
  void stop();

  const mta::Counts& counts() const;

 private:
  struct State;
  explicit Mta(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace chappe::agents
