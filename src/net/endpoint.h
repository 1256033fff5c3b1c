// Where a socket is bound, or who is at its other end.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chappe::net {

class Endpoint {
 public:
  Endpoint() = default;
  Endpoint(const sockaddr_storage& address, socklen_t size) : address_(address), size_(size) {}
  // "192.0.2.1" or "2001:db8::1"; names are not looked up. Errc::invalid otherwise.
  static Result<Endpoint> parse(std::string_view ip, std::uint16_t port);

  // The address without port: "192.0.2.1"; an IPv4-mapped IPv6 address is written as the IPv4 address it is.
  std::string ip() const;
  std::uint16_t port() const;
  // "192.0.2.1:25", "[2001:db8::1]:25"
  std::string describe() const;
  bool ipv6() const;  // not for IPv4-mapped addresses
  bool loopback() const;
  // What limits per network count: the address itself for IPv4, its /64 for IPv6.
  std::string network() const;

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t raw_size() const { return size_; }

 private:
  sockaddr_storage address_{};
  socklen_t size_ = 0;
};

// The addresses of this host's interfaces, loopback included. Errc::io.
Result<std::vector<std::string>> own_addresses();

}  // namespace chappe::net
