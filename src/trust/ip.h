// An IP address as the judges of trust/ compare it: octets, not text, so that two spellings of one address are equal.
// A value; any thread; nothing blocks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/record.h"

namespace chappe::trust {

class Ip {
 public:
  // 0.0.0.0
  Ip() = default;
  // "192.0.2.1" or "2001:db8::1", as RFC 4291 §2.2 writes it; no zone id, no brackets. Nothing: no address.
  static std::optional<Ip> parse(std::string_view text);
  // Of a client: an IPv4-mapped IPv6 address is the IPv4 address that it stands for (RFC 7208 §5).
  static std::optional<Ip> of_client(std::string_view text);
  static Ip of(const dns::A& a);
  static Ip of(const dns::Aaaa& aaaa);

  bool v4() const { return v4_; }
  // The type of record in which such addresses stand.
  dns::Type record_type() const { return v4_ ? dns::Type::a : dns::Type::aaaa; }
  // "192.0.2.1", "2001:db8::1"
  std::string text() const;
  // What stands between dots when it is part of a name: the four numbers, or 32 hexadecimal digits (RFC 7208 §7.3).
  std::string dotted() const;
  // The same backwards, as the reverse tree and DNS lists have it (RFC 1035 §3.5, RFC 3596 §2.5, RFC 5782 §2.1).
  std::string reversed() const;
  // The same family, and the first `prefix` bits are equal.
  bool in(const Ip& network, unsigned prefix) const;
  bool operator==(const Ip&) const = default;

  // The octets as one number, for who counts addresses.
  using Number = unsigned __int128;
  Number number() const;
  static Ip of_number(Number number, bool v4);

 private:
  std::array<unsigned char, 16> octets_{};  // of IPv4 the first four
  bool v4_ = true;
};

// The addresses in an answer to a question for A or AAAA; none of any other.
std::vector<Ip> ips_of(const dns::RRset& records);

}  // namespace chappe::trust
