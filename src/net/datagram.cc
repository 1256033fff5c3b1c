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

// Room for the address that a datagram was sent to, beside it (RFC 3542 §6; ip(7)).
union Control {
  cmsghdr first;
  char octets[CMSG_SPACE(sizeof(in6_pktinfo))];
};

// Asks for that address. Of an IPv6 socket it is an IPv6 one, mapped if need be.
void ask_for_local(int fd, bool ipv6) {
  const int on = 1;
  if (ipv6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  } else {
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  }
}

Endpoint local_of(msghdr& message, const Endpoint& bound) {
  sockaddr_storage address{};
  std::memcpy(&address, bound.raw(), bound.raw_size());
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr = info.ipi6_addr;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      reinterpret_cast<sockaddr_in*>(&address)->sin_addr = info.ipi_addr;
    }
  }
  return Endpoint(address, bound.raw_size());
}

template <class Info>
void put_info(int level, int type, const Info& info, msghdr& message) {
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
  message.msg_controllen = CMSG_SPACE(sizeof info);
}

// Puts `from` beside a datagram that is to be sent. The interface is left to the routing table.
void put_local(const Endpoint& from, msghdr& message, Control& control) {
  message.msg_control = control.octets;
  message.msg_controllen = sizeof control.octets;
  if (from.raw()->sa_family == AF_INET6) {
    in6_pktinfo info{};
    info.ipi6_addr = reinterpret_cast<const sockaddr_in6*>(from.raw())->sin6_addr;
    put_info(IPPROTO_IPV6, IPV6_PKTINFO, info, message);
  } else {
    in_pktinfo info{};
    info.ipi_spec_dst = reinterpret_cast<const sockaddr_in*>(from.raw())->sin_addr;
    put_info(IPPROTO_IP, IP_PKTINFO, info, message);
  }
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
  ask_for_local(fd, at.raw()->sa_family == AF_INET6);
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
    Control control{};
    iovec part{octets.data(), octets.size()};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.octets;
    message.msg_controllen = sizeof control.octets;
    const ssize_t n = ::recvmsg(fd_, &message, 0);
    if (n >= 0) {
      octets.resize(static_cast<std::size_t>(n));
      octets.shrink_to_fit();
      co_return Datagram{std::move(octets), Endpoint(address, message.msg_namelen), local_of(message, at_)};
    }
    if (errno == ECONNREFUSED) co_return fail(Errc::unavailable, "nobody listens there: {}", std::strerror(errno));
    if (errno != EAGAIN && errno != EINTR) co_return fail(Errc::io, "receiving: {}", std::strerror(errno));
  }
}

Task<Result<void>> DatagramSocket::send(Bytes octets, std::optional<Endpoint> to, Deadline deadline,
                                        std::optional<Endpoint> from) {
  for (;;) {
    Control control{};
    iovec part{octets.data(), octets.size()};
    msghdr message{};
    if (to) {
      message.msg_name = const_cast<sockaddr*>(to->raw());  // it is not written to
      message.msg_namelen = to->raw_size();
    }
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (from) put_local(*from, message, control);
    const ssize_t n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (n >= 0) co_return Result<void>();
    if (errno == EINTR) continue;
    if (errno == ECONNREFUSED) co_return fail(Errc::unavailable, "nobody listens there: {}", std::strerror(errno));
    if (errno != EAGAIN) co_return fail(Errc::io, "sending: {}", std::strerror(errno));
    CO_TRY(co_await watch().writable().wait(deadline));
  }
}

}  // namespace chappe::net
