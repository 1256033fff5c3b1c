// The transfer agent, as far as one fixed next hop goes: everything in the queue is handed to one host (a smart host,
// `[server] relay`). Finding the way by DNS comes beside it, over the same queue.
//
// One task on one shard: it claims what is due, hands it over on one connection after another, and writes down what
// came of each recipient before it goes on. Nothing is lost when it dies: a claim is a lease (post/queue). What the
// next hop refuses for good is held, with its words, for a person to look at.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/tls.h"
#include "net/endpoint.h"
#include "net/shard.h"
#include "post/mailbox/mailbox.h"
#include "post/queue/queue.h"

namespace chappe::agents {

struct RelayOptions {
  net::Endpoint to;
  std::string hostname;  // what we call ourselves in EHLO
  // RFC 5321 §4.5.3.2: the longest of the client's times to wait for one answer is ten minutes (after the final dot).
  Duration answer = std::chrono::minutes(10);
  Duration connect = std::chrono::seconds(30);
};

class Relay {
 public:
  // All must outlive it.
  Relay(net::Shards& shards, post::Queue& queue, post::Mailboxes& mailboxes, Log& log, Clock& clock,
        RelayOptions options);
  ~Relay();

  // From any thread, once each. stop() gives up what is on its way; the queue has it still.
  void start();
  void stop();

 private:
  std::shared_ptr<struct RelayState> state_;
};

// When to try again after `attempts` failures: after 1, 5, 15, 30 minutes, then every hour (RFC 5321 §4.5.4.1 asks for
// 30 minutes at least once the first tries are over).
Duration retry_after(std::uint32_t attempts);

}  // namespace chappe::agents
