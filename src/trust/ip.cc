#include "trust/ip.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace chappe::trust {
namespace {

constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<Ip> Ip::parse(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  const std::string zero_ended(text);
  Ip out;
  if (inet_pton(AF_INET, zero_ended.c_str(), out.octets_.data()) == 1) return out;
  if (inet_pton(AF_INET6, zero_ended.c_str(), out.octets_.data()) != 1) return std::nullopt;
  out.v4_ = false;
  return out;
}

std::optional<Ip> Ip::of_client(std::string_view text) {
  auto ip = parse(text);
  if (!ip || ip->v4_ || !std::equal(kMapped.begin(), kMapped.end(), ip->octets_.begin())) return ip;
  Ip out;
  std::copy_n(ip->octets_.begin() + 12, 4, out.octets_.begin());
  return out;
}

Ip Ip::of(const dns::A& a) {
  Ip out;
  std::copy(a.octets.begin(), a.octets.end(), out.octets_.begin());
  return out;
}

Ip Ip::of(const dns::Aaaa& aaaa) {
  Ip out;
  out.octets_ = aaaa.octets;
  out.v4_ = false;
  return out;
}

std::string Ip::text() const {
  if (v4_) return fmt::format("{}.{}.{}.{}", octets_[0], octets_[1], octets_[2], octets_[3]);
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, octets_.data(), text, sizeof text);
}

std::string Ip::dotted() const {
  if (v4_) return text();
  std::string out;
  for (const unsigned char o : octets_) out += fmt::format("{}{:x}.{:x}", out.empty() ? "" : ".", o >> 4, o & 15);
  return out;
}

std::string Ip::reversed() const {
  if (v4_) return fmt::format("{}.{}.{}.{}", octets_[3], octets_[2], octets_[1], octets_[0]);
  std::string out = dotted();
  std::reverse(out.begin(), out.end());
  return out;
}

bool Ip::in(const Ip& network, unsigned prefix) const {
  if (v4_ != network.v4_) return false;
  const std::size_t whole = prefix / 8;
  if (!std::equal(octets_.begin(), octets_.begin() + whole, network.octets_.begin())) return false;
  const unsigned rest = prefix % 8;
  return rest == 0 || (octets_[whole] ^ network.octets_[whole]) >> (8 - rest) == 0;
}

Ip::Number Ip::number() const {
  Number out = 0;
  for (std::size_t i = 0; i < (v4_ ? 4 : 16); ++i) out = out << 8 | octets_[i];
  return out;
}

Ip Ip::of_number(Number number, bool v4) {
  Ip out;
  out.v4_ = v4;
  for (std::size_t i = v4 ? 4 : 16; i > 0; number >>= 8) out.octets_[--i] = static_cast<unsigned char>(number);
  return out;
}

std::vector<Ip> ips_of(const dns::RRset& records) {
  std::vector<Ip> out;
  if (records.type == dns::Type::a)
    for (const dns::A& a : records.as<dns::A>()) out.push_back(Ip::of(a));
  if (records.type == dns::Type::aaaa)
    for (const dns::Aaaa& a : records.as<dns::Aaaa>()) out.push_back(Ip::of(a));
  return out;
}

}  // namespace chappe::trust
