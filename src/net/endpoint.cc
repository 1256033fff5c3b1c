#include "net/endpoint.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace chappe::net {
namespace {

const sockaddr_in& v4(const sockaddr_storage& a) { return reinterpret_cast<const sockaddr_in&>(a); }
const sockaddr_in6& v6(const sockaddr_storage& a) { return reinterpret_cast<const sockaddr_in6&>(a); }
bool mapped(const sockaddr_storage& a) { return a.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6(a).sin6_addr); }

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  sockaddr_storage storage{};
  auto& in4 = reinterpret_cast<sockaddr_in&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &in4.sin_addr) == 1) {
    in4.sin_family = AF_INET;
    in4.sin_port = htons(port);
    return Endpoint(storage, sizeof in4);
  }
  auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    return Endpoint(storage, sizeof in6);
  }
  return fail(Errc::invalid, "not an IP address: {}", text);
}

std::string Endpoint::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (address_.ss_family == AF_INET) {
    inet_ntop(AF_INET, &v4(address_).sin_addr, text, sizeof text);
  } else if (mapped(address_)) {
    inet_ntop(AF_INET, v6(address_).sin6_addr.s6_addr + 12, text, sizeof text);
  } else if (address_.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &v6(address_).sin6_addr, text, sizeof text);
  }
  return text;
}

std::uint16_t Endpoint::port() const {
  if (address_.ss_family == AF_INET) return ntohs(v4(address_).sin_port);
  if (address_.ss_family == AF_INET6) return ntohs(v6(address_).sin6_port);
  return 0;
}

std::string Endpoint::describe() const {
  return ipv6() ? fmt::format("[{}]:{}", ip(), port()) : fmt::format("{}:{}", ip(), port());
}

bool Endpoint::ipv6() const { return address_.ss_family == AF_INET6 && !mapped(address_); }

bool Endpoint::loopback() const {
  if (address_.ss_family == AF_INET) return (ntohl(v4(address_).sin_addr.s_addr) >> 24) == 127;
  if (mapped(address_)) return v6(address_).sin6_addr.s6_addr[12] == 127;
  return address_.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6(address_).sin6_addr);
}

std::string Endpoint::network() const {
  if (!ipv6()) return ip();
  sockaddr_in6 net = v6(address_);
  std::memset(net.sin6_addr.s6_addr + 8, 0, 8);
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &net.sin6_addr, text, sizeof text);
  return std::string(text) + "/64";
}

Result<std::vector<std::string>> own_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail(Errc::io, "the addresses of this host: {}", std::strerror(errno));
  std::vector<std::string> out;
  for (const ifaddrs* i = list; i; i = i->ifa_next) {
    if (!i->ifa_addr) continue;
    const bool six = i->ifa_addr->sa_family == AF_INET6;
    if (!six && i->ifa_addr->sa_family != AF_INET) continue;
    const socklen_t size = six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    sockaddr_storage address{};
    std::memcpy(&address, i->ifa_addr, size);
    out.push_back(Endpoint(address, size).ip());
  }
  freeifaddrs(list);
  return out;
}

}  // namespace chappe::net
