// What a name server's message says to who walks down from the root: that it knows the answer, that it knows who knows,
// or nothing of use (RFC 1034 §4.3.2, §5.3.3). Only what the server may speak of is believed: records in the zone that
// it was asked as a server of (RFC 5452 §6, RFC 2181 §5.4.1).
//
// Values and one pure function; any thread; nothing blocks. Whatever the message holds, it costs time in proportion to
// its size.
#pragma once

#include <string_view>
#include <vector>

#include "dns/message.h"
#include "net/endpoint.h"

namespace chappe::dns {

// Of one zone, so many servers are kept, and of each so many addresses.
inline constexpr std::size_t kMaxServers = 16;
inline constexpr std::size_t kMaxServerAddresses = 4;

// A name server as a referral names it. Without addresses there was no glue: they have to be looked up.
struct NamedServer {
  Name name;
  std::vector<net::Endpoint> addresses;
};

// A zone cut, as the side above shows it (RFC 1034 §4.2.1).
struct Delegation {
  Name zone;
  std::uint32_t ttl = 0;
  std::vector<NamedServer> servers;  // the first kMaxServers
  std::size_t count = 0;             // how many there are
  bool signed_below = false;         // a DS came with it (RFC 4035 §3.1.4)
};

enum class Said : std::uint8_t {
  answer,       // with authority: the records
  alias,        // with authority: the name stands for another one, which has to be asked for
  nodata,       // with authority: there are no such records (RFC 2308 §2.2)
  nxdomain,     // with authority: there is no such name (RFC 2308 §2.1, RFC 8020 §2)
  referral,     // others know
  lame,         // it does not serve the zone that it is said to serve
  failed,       // an RCODE that is no answer
  garbled,      // octets, or aliases, that make no sense
  timeout,      // nothing
  unreachable,  // nobody listens there, or no way leads there
  homeless,     // its name leads to no address: it could not be asked
};
// "referral", as JSON spells it.
std::string_view said_name(Said said);
// What can be gone by: the first five.
constexpr bool of_use(Said said) { return said <= Said::referral; }

// Why a server is lame, garbled or homeless.
enum class Flaw : std::uint8_t {
  none,
  refused,            // it says REFUSED or NOTAUTH
  not_authoritative,  // it answers from hearsay (RFC 1034 §4.3.1: without AA), or says nothing
  upward,             // it refers to the servers above it
  itself,             // it refers to itself
  sideways,           // it refers to where the name is not
  circle,             // aliases that lead to each other; a name server whose address only itself knows
  too_deep,           // the address of a server of a server of a server...
  no_address,
};
std::string_view flaw_name(Flaw flaw);

struct Reading {
  Said said = Said::garbled;
  Flaw flaw = Flaw::none;
  Delegation delegation;  // of a referral
  // What is known with it: chain and canonical of an alias, records of an answer, the TTL of either or of their
  // absence. Security is not looked at.
  Answer answer;
};

// The NS records of `cut` in the authority section, with their glue as far as a server of `zone` may give it.
Delegation delegation_of(const Message& message, const Name& cut, const Name& zone);

// `zone`: the one that the server is said to serve. `question` is what it was asked.
Reading read_reply(const Message& message, const Question& question, const Name& zone);

}  // namespace chappe::dns
