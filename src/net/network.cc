#include "net/network.h"

#include <netinet/in.h>

#include <algorithm>

#include "base/text.h"

namespace chappe::net {
namespace {

constexpr unsigned kMapped = 96;  // bits of ::ffff:0:0

}  // namespace

Network::Address Network::address_of(const Endpoint& at) {
  Address out{};
  if (at.raw()->sa_family == AF_INET) {
    out[10] = out[11] = 0xff;
    const auto& four = reinterpret_cast<const sockaddr_in*>(at.raw())->sin_addr;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&four), 4, out.begin() + 12);
  } else {
    const auto& six = reinterpret_cast<const sockaddr_in6*>(at.raw())->sin6_addr;
    std::copy_n(six.s6_addr, out.size(), out.begin());
  }
  return out;
}

Network::Address Network::prefix_of(const Address& address, unsigned bits) {
  Address out{};
  for (unsigned i = 0; i < bits; ++i)
    out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | (address[i / 8] & (0x80U >> i % 8)));
  return out;
}

Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto at = Endpoint::parse(text.substr(0, slash), 0);
  if (!at)
    return fail(Errc::invalid, "'{}' is not a network, as in 192.0.2.0/24 or 2001:db8::/32", printable(text, 80));
  const unsigned most = at->ipv6() ? 128 : 32;
  const auto bits = slash == std::string_view::npos ? std::optional(most) : to_number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > most)
    return fail(Errc::invalid, "'{}': behind the slash must stand 0 to {}", printable(text, 80), most);
  Network out;
  out.bits_ = *bits + (at->ipv6() ? 0 : kMapped);
  out.address_ = address_of(*at);
  out.text_ = text;
  if (prefix_of(out.address_, out.bits_) != out.address_)
    return fail(Errc::invalid, "'{}' has bits behind its prefix of {}: write the first address of the network",
                printable(text, 80), *bits);
  return out;
}

bool Network::contains(const Endpoint& at) const { return prefix_of(address_of(at), bits_) == address_; }

}  // namespace chappe::net
