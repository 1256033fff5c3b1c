// Letters on their way out from one shard: a line for each destination, and connections that work it off. A destination
// gets one connection more for each letter that goes well, half as many when one breaks; when it cannot be reached at
// all, its whole line is put off at once, so that it holds up nobody else's. A connection waits for a further letter
// only as long as nobody else waits for a connection.
//
// Lives on one shard. Everything it starts ends with its Cancel; join() waits for that.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "agents/mta/peer.h"
#include "agents/mta/route.h"
#include "agents/mta/settlement.h"

namespace chappe::agents::mta {

struct OutboundLimits {
  std::size_t connections = 200;            // of one shard
  std::size_t per_destination = 20;         // connections
  std::size_t first = 2;                    // connections to a destination that nothing is known about
  std::size_t line = 5'000;                 // parcels that wait for one destination; more come back a minute later
  std::size_t letters = 100;                // over one connection; then those who wait for a connection have their turn
  Duration idle = std::chrono::seconds(5);  // that a connection waits for another letter
  Duration closed =
      std::chrono::seconds(30);  // that a destination is left alone after it could not be reached; doubles
  Duration closed_longest = std::chrono::minutes(10);
};

struct OutboundParts {
  dns::Resolver& resolver;
  post::Mailboxes& mailboxes;
  Settlement& settlement;
  Clock& clock;
  Random& random;
  Counts& counts;
  Self self;
  PeerOptions peer;
  OutboundLimits limits;
  std::uint16_t port = 25;
  NextHop relay;       // a smart host: what is for others goes there, whatever the DNS says
  NextHop mda;         // what is for our own mailboxes goes there, by LMTP
  PeerOptions to_mda;  // how
};

class Outbound {
 public:
  // `parts` must outlive it. `finished` is told how many recipients have left.
  Outbound(const OutboundParts* parts, net::Cancel* cancel, std::function<void(std::size_t)> finished)
      : parts_(*parts), cancel_(*cancel), finished_(std::move(finished)) {}

  void hand(Parcel parcel);
  net::Task<void> join() { return tasks_.join(); }

 private:
  struct Destination {
    std::string domain;
    bool mda = false;
    std::deque<Parcel> line;
    std::size_t workers = 0;
    std::size_t idle = 0;  // of them
    std::size_t limit;     // workers at most, for now
    net::Event more;
    bool starved = false;   // it is in starved_
    unsigned failures = 0;  // in a row
    Steady closed_until;
    std::string why;  // it could not be reached
  };
  // A connection; or what the letter gets instead.
  using Reached = std::variant<std::unique_ptr<Peer>, Verdict>;

  void start_workers(Destination& destination);
  net::Task<void> work(Destination* destination);
  net::Task<Reached> reach(const Destination* destination);
  net::Task<Reached> reach_hop(const NextHop* hop, const PeerOptions* how, net::Deadline until);
  net::Task<bool> reach_host(MailHost host, net::Deadline until, std::unique_ptr<Peer>* peer, Verdict* verdict);
  // Hands the parcel over, and settles it. False: the connection is of no more use.
  net::Task<bool> transfer(Destination* destination, Peer* peer, Parcel parcel);
  net::Task<void> finish(Parcel parcel, Verdict verdict);
  void close(Destination& destination, const std::string& why);
  void forget(Destination& destination);
  void feed_starved();
  bool lease_left(const Parcel& parcel) const;

  const OutboundParts& parts_;
  net::Cancel& cancel_;
  std::function<void(std::size_t)> finished_;
  std::map<std::string, Destination> destinations_;
  std::deque<std::string> starved_;  // that have a line and no worker, because there are too many connections
  net::Event spare_;                 // idle workers end, one for each that is starved
  std::size_t leaving_ = 0;          // of those
  std::size_t workers_ = 0;
  net::Scope tasks_;
};

}  // namespace chappe::agents::mta
