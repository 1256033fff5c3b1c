// Where the letters of a domain go: the rule of MX (RFC 5321 §5.1), with what it was found on, so that the transfer
// agent, `chappe route` and `chappe explain` see the same. What the DNS says may be a lie: addresses that no other host
// can have are not used. Asks the DNS through a Resolver; keeps nothing; any executor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "dns/resolver.h"
#include "net/endpoint.h"
#include "proto/smtp/reply.h"

namespace chappe::agents::mta {

// Of what the DNS says, so much is used: a domain may name any number of hosts.
inline constexpr std::size_t kMaxHosts = 20;
inline constexpr std::size_t kMaxAddresses = 16;  // of one host
inline constexpr std::size_t kHostsTried = 5;     // for one letter at a time; RFC 5321 §5.1: at least two addresses

// Who we are, so that no letter comes back to us by the DNS.
struct Self {
  std::vector<dns::Name> names;        // those that MX records may call us by
  std::vector<std::string> addresses;  // those that we listen at, port 25
  bool loopback = false;               // other hosts may be at 127.0.0.0/8 and ::1: a town of tests
};

struct MailHost {
  std::uint16_t preference = 0;
  dns::Name name;
  dns::Security security = dns::Security::indeterminate;
};

struct MailRoute {
  enum class End : std::uint8_t {
    hosts,  // to be tried in order, those of equal preference in any (RFC 5321 §5.1)
    never,  // nothing can be sent there, today or later
    later,  // it is not known now
  };
  End end = End::later;
  std::vector<MailHost> hosts;
  net::Endpoint literal;  // of a domain like [192.0.2.1]: the only address; `hosts` is then empty
  bool is_literal = false;
  bool implicit = false;       // no MX: the domain itself is the host (RFC 5321 §5.1)
  proto::smtp::Reply verdict;  // of never and later: what is told to the sender
  dns::Answer mx;              // what the DNS said
};

// `domain` as in an address: A-labels, or an address literal. `port`: of what is not said otherwise.
net::Task<MailRoute> find_route(dns::Resolver* resolver, Random* random, const Self* self, std::string domain,
                                std::uint16_t port, net::Deadline deadline);

struct HostAddresses {
  std::vector<net::Endpoint> addresses;  // in the order to be tried, both families in turn; none: see verdict
  proto::smtp::Reply verdict;            // 4xx or 5xx
  bool self = false;                     // it is us
};

net::Task<HostAddresses> find_addresses(dns::Resolver* resolver, const Self* self, dns::Name host, std::uint16_t port,
                                        net::Deadline deadline);

// A host that the configuration names, instead of the DNS's MX: the relay, the mda.
struct NextHop {
  std::string host;  // a name, an IP address, or "localhost"; empty: none
  std::uint16_t port = 25;
};

// Its addresses, the same for everybody who goes there. What is wrong with it may be put right while the letters wait,
// so every error is temporary: unavailable.
net::Task<Result<std::vector<net::Endpoint>>> find_hop(dns::Resolver* resolver, NextHop hop, net::Deadline deadline);

}  // namespace chappe::agents::mta
