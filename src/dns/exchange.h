// One question to one name server: over UDP, again if nothing comes, and over TCP when the answer was cut (RFC 7766
// §5). For looking at a server, not for resolving: nothing is followed, cached or validated.
#pragma once

#include "base/random.h"
#include "dns/message.h"
#include "net/endpoint.h"

namespace chappe::dns {

struct Exchanged {
  Message message;
  bool tcp = false;
  std::size_t octets = 0;
};

// On a shard. `query` gets a fresh id. Only an answer to this very question counts (RFC 5452 §9.1). Errc::timeout;
// Errc::unavailable: nobody listens there; Errc::invalid: an answer over TCP that is none.
net::Task<Result<Exchanged>> exchange(net::Endpoint server, Message query, Random& random, net::Deadline deadline);

// The same as an interface, for those who ask many: tests answer in its place.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Whether any way leads there: a host without IPv6 need not wait for it. Sends nothing.
  virtual bool reaches(const net::Endpoint& server) = 0;
  virtual net::Task<Result<Exchanged>> ask(net::Endpoint server, Message query, net::Deadline deadline) = 0;
};

class NetExchange final : public Exchange {
 public:
  explicit NetExchange(Random& random) : random_(random) {}
  bool reaches(const net::Endpoint& server) override;
  net::Task<Result<Exchanged>> ask(net::Endpoint server, Message query, net::Deadline deadline) override;

 private:
  Random& random_;
};

}  // namespace chappe::dns
