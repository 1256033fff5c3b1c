#include "net/datagram.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace chappe::net {
namespace {

Endpoint bound_at(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return Endpoint(address, size);
}

}  // namespace

Result<DatagramSocket> DatagramSocket::bind(const Endpoint& at) {
  const int fd = socket(at.raw()->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::config, "{}: no socket: {}", at.describe(), std::strerror(errno));
  DatagramSocket socket(fd, at);
  const int off = 0;
  if (at.ipv6()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd, at.raw(), at.raw_size()) != 0) {
    const char* advice = errno == EADDRINUSE ? "; another program listens there"
                         : errno == EACCES   ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
                                             : "";
    return fail(Errc::config, "cannot listen on {} (UDP): {}{}", at.describe(), std::strerror(errno), advice);
  }
  socket.at_ = bound_at(fd);
  return socket;
}

Result<DatagramSocket> DatagramSocket::connect(const Endpoint& to) {
  const int fd = socket(to.raw()->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::io, "{}: no socket: {}", to.describe(), std::strerror(errno));
  DatagramSocket socket(fd, to);
  if (::connect(fd, to.raw(), to.raw_size()) != 0)
    return fail(Errc::unavailable, "{}: {}", to.describe(), std::strerror(errno));
  socket.at_ = bound_at(fd);
  return socket;
}

DatagramSocket::~DatagramSocket() {
  watch_.reset();
  if (fd_ >= 0) ::close(fd_);
}

DatagramSocket::DatagramSocket(DatagramSocket&& o) noexcept
    : fd_(std::exchange(o.fd_, -1)), at_(o.at_), watch_(std::move(o.watch_)) {
  o.watch_.reset();
}

DatagramSocket& DatagramSocket::operator=(DatagramSocket&& o) noexcept {
  std::swap(fd_, o.fd_);
  std::swap(at_, o.at_);
  std::swap(watch_, o.watch_);
  return *this;
}

FdWatch& DatagramSocket::watch() {
  if (!watch_) watch_.emplace(*Shard::current(), fd_);
  return *watch_;
}

Task<Result<Datagram>> DatagramSocket::receive(Deadline deadline) {
  for (;;) {
    CO_TRY(co_await watch().readable().wait(deadline));
    Bytes octets(kMax, '\0');
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const ssize_t n = ::recvfrom(fd_, octets.data(), octets.size(), 0, reinterpret_cast<sockaddr*>(&address), &size);
    if (n >= 0) {
      octets.resize(static_cast<std::size_t>(n));
      octets.shrink_to_fit();
      co_return Datagram{std::move(octets), Endpoint(address, size)};
    }
    if (errno == ECONNREFUSED) co_return fail(Errc::unavailable, "nobody listens there: {}", std::strerror(errno));
    if (errno != EAGAIN && errno != EINTR) co_return fail(Errc::io, "receiving: {}", std::strerror(errno));
  }
}

Task<Result<void>> DatagramSocket::send(Bytes octets, std::optional<Endpoint> to, Deadline deadline) {
  for (;;) {
    const sockaddr* address = to ? to->raw() : nullptr;
    const ssize_t n = ::sendto(fd_, octets.data(), octets.size(), MSG_NOSIGNAL, address, to ? to->raw_size() : 0);
    if (n >= 0) co_return Result<void>();
    if (errno == EINTR) continue;
    if (errno == ECONNREFUSED) co_return fail(Errc::unavailable, "nobody listens there: {}", std::strerror(errno));
    if (errno != EAGAIN) co_return fail(Errc::io, "sending: {}", std::strerror(errno));
    CO_TRY(co_await watch().writable().wait(deadline));
  }
}

}  // namespace chappe::net
