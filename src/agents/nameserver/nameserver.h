// The authoritative name server: UDP and TCP on one side, zones in memory on the other. For delegated mail zones, for
// demonstrations and labs. Answers only for its zones; knows no recursion, transfers or updates.
//
// Owned by app/. Each UDP socket lives on one shard, TCP connections on all of them. Nothing here blocks. TCP keeps
// connections open for the next question and takes several at a time (RFC 7766 §6.2).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agents/nameserver/responder.h"
#include "base/log.h"
#include "net/acceptor.h"
#include "net/datagram.h"

namespace chappe::agents::nameserver {

struct NameServerOptions {
  std::vector<net::Endpoint> listen;  // UDP and TCP each; port 0 is one of the system's choice, the same for both
  net::ConnectionLimits connections{.total = 1'000, .per_network = 20};
  Duration idle = std::chrono::seconds(30);   // between two messages of a TCP connection (RFC 7766 §6.2.3)
  Duration reply = std::chrono::seconds(10);  // for an answer to be taken
};

// One question and its answer, for whoever narrates or counts them.
struct QueryNote {
  Time when;
  net::Endpoint who;
  net::Endpoint at;  // where it was asked
  Transport transport{};
  const Reply& reply;
};

class NameServer {
 public:
  // Called on a shard for every answer; must not block.
  using Watcher = std::function<void(const QueryNote&)>;
  struct Parts {
    net::Shards* shards;
    Clock* clock;
  };

  // Binds. `parts` must outlive it. Errc::config: an address that cannot be bound.
  static Result<std::unique_ptr<NameServer>> open(Parts parts, NameServerOptions options,
                                                  std::shared_ptr<const dns::Zones> zones, Watcher watcher = {});
  ~NameServer();  // the shards must have ended by then

  void start();
  // Takes no more questions. Any thread.
  void stop();
  // From now on these are answered from. Any thread.
  void serve(std::shared_ptr<const dns::Zones> zones);
  // Where it listens, with the ports that the system chose.
  const std::vector<net::Endpoint>& at() const;

 private:
  struct State;
  struct Udp;
  explicit NameServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static net::Task<void> serve_udp(std::shared_ptr<State> state, Udp* udp);
  static net::Task<void> serve_tcp(std::shared_ptr<State> state, net::Stream stream);

  std::shared_ptr<State> state_;
};

}  // namespace chappe::agents::nameserver
