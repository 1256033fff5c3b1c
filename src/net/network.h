// A range of IP addresses as an operator writes it: "192.0.2.0/24", "2001:db8::/32", or one address (RFC 4632 §3.1,
// RFC 4291 §2.3). A plain value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/endpoint.h"

namespace chappe::net {

class Network {
 public:
  // Errc::invalid: no address, no such length, or an address that has bits behind its prefix.
  static Result<Network> parse(std::string_view text);

  // IPv4 addresses that come as IPv6 ones (::ffff:192.0.2.1) are the IPv4 addresses that they are.
  bool contains(const Endpoint& at) const;
  // As it was written.
  const std::string& text() const { return text_; }

  bool operator==(const Network& o) const { return address_ == o.address_ && bits_ == o.bits_; }

 private:
  using Address = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:0:0/96
  static Address address_of(const Endpoint& at);
  static Address prefix_of(const Address& address, unsigned bits);

  Address address_{};
  unsigned bits_ = 0;
  std::string text_;
};

}  // namespace chappe::net
