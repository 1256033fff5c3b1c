// A UDP socket: bound to an address, or connected to a peer. Made on any thread; used on one shard, that of its first
// wait. One reader and one writer at a time. Nothing here blocks; every wait has a deadline.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "net/endpoint.h"
#include "net/shard.h"

namespace chappe::net {

struct Datagram {
  Bytes octets;
  Endpoint peer;
  Endpoint local;  // which of our addresses it was sent to: an answer has to come from there
};

class DatagramSocket {
 public:
  // Longer datagrams than this do not exist.
  static constexpr std::size_t kMax = 65'535;

  // For a server; "0.0.0.0" and "::" are all addresses. Errc::config says who cannot be bound and why.
  static Result<DatagramSocket> bind(const Endpoint& at);
  // For a client: from a port of the system's choice; only what `to` sends is received.
  static Result<DatagramSocket> connect(const Endpoint& to);
  ~DatagramSocket();
  DatagramSocket(DatagramSocket&&) noexcept;
  DatagramSocket& operator=(DatagramSocket&&) noexcept;

  // Errc::unavailable: a connected peer's system says that nobody is there.
  Task<Result<Datagram>> receive(Deadline deadline);
  // `to` is not needed when connected. `from`: which of our addresses it comes from, for a socket that is bound to all
  // of them; else the system chooses. A datagram that the system has no room for waits; one that it cannot send is
  // Errc::io.
  Task<Result<void>> send(Bytes octets, std::optional<Endpoint> to, Deadline deadline,
                          std::optional<Endpoint> from = {});

  const Endpoint& at() const { return at_; }

 private:
  DatagramSocket(int fd, Endpoint at) : fd_(fd), at_(at) {}
  FdWatch& watch();

  int fd_ = -1;
  Endpoint at_;
  std::optional<FdWatch> watch_;
};

}  // namespace chappe::net
