// Two looks at a client by the DNS: whether the names of its address lead back to it ("iprev", RFC 8601 §3), and
// whether the name that it gave in EHLO is one of its own (RFC 5321 §4.1.4). Neither is a reason to refuse mail by
// itself; they are told and weighed.
//
// Pure but for the Resolver, which the caller owns and which must outlive the task; runs on the caller's executor.
// Nothing blocks. Never fails: what goes wrong is a result. Ends by the deadline.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "net/task.h"
#include "trust/ip.h"

namespace chappe::trust {

// How many names of an address are looked at (RFC 8601 §3, with RFC 7208 §5.5 as its example).
inline constexpr std::size_t kMaxIprevNames = 10;

enum class IprevResult : std::uint8_t { none, pass, fail, temperror, permerror };
// As Authentication-Results spells it (RFC 8601 §2.7.3). There is no none in the RFC; it is of clients without an IP
// address.
std::string_view iprev_result_name(IprevResult result);

// The numbers are no promise, the ids in the table (iprev.cc) are.
enum class IprevReason : std::uint8_t {
  confirmed,        // a name of the address has this address
  other_addresses,  // its names have addresses, but not this one
  no_addresses,     // its names have no addresses
  no_names,         // the address has no name
  reverse_failed,   // the DNS gave no usable answer about the address
  forward_failed,   // no name is known to lead back, and of one the DNS gave no usable answer
  no_address,       // the client has no IP address
};
struct IprevRow {
  IprevReason reason;
  IprevResult result;
  std::string_view id;
  std::string_view rule;
  std::string_view en, fr;
};
const IprevRow& iprev_row(IprevReason reason);
std::span<const IprevRow> iprev_rows();

struct IprevName {
  dns::Name name;
  bool confirmed = false;
  std::vector<Ip> addresses;  // of the client's family
  dns::Outcome outcome{};     // of the question for them
  std::size_t question = 0;   // in Iprev::questions
};

struct Iprev {
  IprevReason reason{};
  dns::Name name;                      // with reason confirmed: the first that is
  std::vector<IprevName> names;        // those that were looked at, in the order of the DNS
  std::size_t name_count = 0;          // how many there are
  std::vector<dns::Answer> questions;  // the address first, then the names

  IprevResult result() const { return iprev_row(reason).result; }
};

// `ip`: of the client; an IPv4-mapped IPv6 address counts as IPv4. The names are asked about at the same time.
net::Task<Iprev> check_iprev(dns::Resolver& resolver, std::string ip, net::Deadline deadline);

enum class HeloFinding : std::uint8_t {
  resolves,  // to the address of the client
  other_addresses,
  no_addresses,
  no_name,  // it does not exist
  lookup_failed,
  literal,        // the client's own address, in brackets
  other_literal,  // another one
  bad_literal,
  dotless,   // one label only
  own_name,  // ours
  bad_name,  // no domain name
};
struct HeloRow {
  HeloFinding finding;
  std::string_view id;
  std::string_view rule;
  std::string_view en, fr;
};
const HeloRow& helo_row(HeloFinding finding);
std::span<const HeloRow> helo_rows();

struct HeloCheck {
  HeloFinding finding{};
  std::vector<Ip> addresses;           // of the name, of the client's family; or that of the literal
  std::vector<dns::Answer> questions;  // none of literals and of what is no name
};

// `own_name`: of the host that the client speaks to.
net::Task<HeloCheck> check_helo_name(dns::Resolver& resolver, std::string helo, std::string ip, std::string own_name,
                                     net::Deadline deadline);

}  // namespace chappe::trust
