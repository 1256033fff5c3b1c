#include "net/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace chappe::net {
namespace {

Endpoint bound_at(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  return Endpoint(at, size);
}

}  // namespace

Result<ListenSocket> ListenSocket::bind(const Endpoint& at) {
  const int fd = socket(at.raw()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::config, "{}: no socket: {}", at.describe(), std::strerror(errno));
  ListenSocket socket(fd, at);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "::" takes IPv4 too, whatever the system's default is.
  const int off = 0;
  if (at.ipv6()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd, at.raw(), at.raw_size()) != 0) {
    const char* advice = errno == EADDRINUSE ? "; another program listens there"
                         : errno == EACCES   ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
                                             : "";
    return fail(Errc::config, "cannot listen on {}: {}{}", at.describe(), std::strerror(errno), advice);
  }
  if (listen(fd, SOMAXCONN) != 0)
    return fail(Errc::config, "cannot listen on {}: {}", at.describe(), std::strerror(errno));
  socket.at_ = bound_at(fd);
  return socket;
}

Result<ListenSocket> ListenSocket::adopt(int fd) {
  ListenSocket socket(fd, {});
  int listens = 0, domain = 0;
  socklen_t size = sizeof listens;
  const bool answers = getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
                       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0;
  if (!answers || !listens || (domain != AF_INET && domain != AF_INET6))
    return fail(Errc::config, "descriptor {} is no socket that listens for TCP connections", fd);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  socket.at_ = bound_at(fd);
  return socket;
}

ListenSocket::~ListenSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<ConnectionCount::Place> ConnectionCount::enter(const std::string& network) {
  std::lock_guard lock(mutex_);
  if (open_ >= limits_.total) {
    ++refused_;
    return fail(Errc::busy, "{} connections are open, the limit", open_);
  }
  std::size_t& from_here = by_network_[network];
  if (from_here >= limits_.per_network) {
    ++refused_;
    return fail(Errc::busy, "{} connections from {} are open, the limit for one network", from_here, network);
  }
  ++open_;
  ++from_here;
  return Place(this, network);
}

void ConnectionCount::leave(const std::string& network) {
  std::lock_guard lock(mutex_);
  --open_;
  const auto it = by_network_.find(network);
  if (--it->second == 0) by_network_.erase(it);
}

std::size_t ConnectionCount::open() const {
  std::lock_guard lock(mutex_);
  return open_;
}

std::uint64_t ConnectionCount::refused() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

struct Acceptor::State {
  Shards& shards;
  ListenSocket socket;
  ConnectionCount& count;
  Bytes refusal;
  Handler handler;
  std::function<void(const Endpoint&)> turned_away;
  Cancel cancel;
};

Acceptor::Acceptor(Shards& shards, ListenSocket socket, ConnectionCount& count, Bytes refusal, Handler handler,
                   std::function<void(const Endpoint&)> turned_away)
    : state_(new State{
          shards, std::move(socket), count, std::move(refusal), std::move(handler), std::move(turned_away), {}}) {}

Acceptor::~Acceptor() = default;

void Acceptor::start() {
  Shard& shard = state_->shards.at(0);
  shard.post([state = state_, &shard] { shard.tasks().spawn(accept_loop(state)); });
}

void Acceptor::stop() {
  state_->shards.at(0).post([state = state_] { state->cancel.cancel(); });
}

Task<void> Acceptor::accept_loop(std::shared_ptr<State> state) {
  constexpr Duration kForever = std::chrono::hours(24);
  constexpr Duration kBreath = std::chrono::milliseconds(100);
  Shard& shard = state->shards.at(0);
  const Shard::Member member(shard, state->cancel);
  FdWatch watch(shard, state->socket.fd());
  while (!state->cancel.cancelled()) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd =
        accept4(state->socket.fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const Endpoint peer(address, size);
      auto place = state->count.enter(peer.network());
      if (!place) {
        (void)::send(fd, state->refusal.data(), state->refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        ::close(fd);
        if (state->turned_away) state->turned_away(peer);
        continue;
      }
      Shard& to = state->shards.next();
      to.post([state, fd, peer, place = std::move(*place), &to]() mutable {
        to.tasks().spawn(serve(std::move(state), fd, peer, std::move(place)));
      });
      continue;
    }
    if (errno == EAGAIN) {
      (void)co_await watch.readable().wait(Deadline::in(kForever, &state->cancel));
    } else if (errno != EINTR && errno != ECONNABORTED) {
      // Out of descriptors or memory: those who wait in the backlog are better off than those we would turn away.
      (void)co_await sleep(Deadline::in(kBreath, &state->cancel));
    }
  }
}

Task<void> Acceptor::serve(std::shared_ptr<State> state, int fd, Endpoint peer, ConnectionCount::Place place) {
  Shard& born = *Shard::current();
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  co_await state->handler(Stream(born, fd, peer, Endpoint(address, size)));
  // A session may have moved away; it ends where it is counted.
  co_await switch_to(born);
  const ConnectionCount::Place gone = std::move(place);
}

}  // namespace chappe::net
