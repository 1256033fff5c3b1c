// Listening sockets, and the limits that are kept before a connection costs anything. The acceptor lives on one shard;
// connections are handed to all of them in turn. Sockets are bound before the process drops its privileges.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/endpoint.h"
#include "net/shard.h"
#include "net/stream.h"

namespace chappe::net {

// A bound, listening descriptor.
class ListenSocket {
 public:
  // Errc::config says who cannot be bound and why ("address in use", "needs CAP_NET_BIND_SERVICE").
  static Result<ListenSocket> bind(const Endpoint& at);
  // One that somebody else has opened; ours from now on, also when this fails. Errc::config: it does not listen for TCP
  // connections.
  static Result<ListenSocket> adopt(int fd);
  // A Unix-domain socket that only its owner may connect to (mode 0600), of any length of path. Takes the place of the
  // one that a dead process left there; the name stays when this one goes. Errc::busy: a living process listens there;
  // Errc::config.
  static Result<ListenSocket> bind_unix(const std::string& path);
  ~ListenSocket();
  ListenSocket(ListenSocket&& o) noexcept : fd_(std::exchange(o.fd_, -1)), at_(o.at_) {}
  ListenSocket& operator=(ListenSocket&& o) noexcept {
    std::swap(fd_, o.fd_);
    std::swap(at_, o.at_);
    return *this;
  }

  int fd() const { return fd_; }
  const Endpoint& at() const { return at_; }

 private:
  ListenSocket(int fd, Endpoint at) : fd_(fd), at_(at) {}
  int fd_ = -1;
  Endpoint at_;
};

// A connected Unix-domain socket, blocking, to be closed by the caller. Errc::unavailable: nobody listens; denied; io.
Result<int> connect_unix(const std::string& path);

struct ConnectionLimits {
  std::size_t total = 10'000;     // open at a time, over all doors
  std::size_t per_network = 100;  // open at a time from one IPv4 address or IPv6 /64
};

// Counts open connections over all doors. Any thread.
class ConnectionCount {
 public:
  explicit ConnectionCount(ConnectionLimits limits) : limits_(limits) {}

  // One open connection; gives its place back when it goes.
  class Place {
   public:
    Place() = default;
    Place(ConnectionCount* count, std::string network) : count_(count), network_(std::move(network)) {}
    Place(Place&& o) noexcept : count_(std::exchange(o.count_, nullptr)), network_(std::move(o.network_)) {}
    Place& operator=(Place&& o) noexcept {
      std::swap(count_, o.count_);
      std::swap(network_, o.network_);
      return *this;
    }
    ~Place() {
      if (count_) count_->leave(network_);
    }

   private:
    ConnectionCount* count_ = nullptr;
    std::string network_;
  };
  // Errc::busy names the limit that is reached.
  Result<Place> enter(const std::string& network);
  std::size_t open() const;
  std::uint64_t refused() const;

 private:
  void leave(const std::string& network);

  const ConnectionLimits limits_;
  mutable std::mutex mutex_;
  std::size_t open_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::string, std::size_t> by_network_;
};

// Accepts on one socket until it is stopped.
class Acceptor {
 public:
  // Runs one connection on the shard it was given to, and owns it. Called on that shard.
  using Handler = std::function<Task<void>(Stream)>;

  // `refusal`: what a connection beyond the limits is sent before it is closed, for instance "421 …\r\n"; then
  // `turned_away` is told, on shard 0, if it is there.
  Acceptor(Shards& shards, ListenSocket socket, ConnectionCount& count, Bytes refusal, Handler handler,
           std::function<void(const Endpoint&)> turned_away = nullptr);
  ~Acceptor();

  // From any thread, once each. After stop() no further connection is accepted; those that are open go on.
  void start();
  void stop();

 private:
  struct State;
  static Task<void> accept_loop(std::shared_ptr<State> state);
  static Task<void> serve(std::shared_ptr<State> state, int fd, Endpoint peer, ConnectionCount::Place place);

  std::shared_ptr<State> state_;
};

}  // namespace chappe::net
