// The walk from the root to an answer, as a resolver without a cache goes it (RFC 1034 §5.3.3), with every question
// and what became of it written down. For looking, not for resolving: letters find their way by a Resolver.
//
// The root is asked for the whole name, as RFC 1034 has it, and not for its last label only (RFC 9156): a referral then
// says itself how far down its sender knows, and no question is asked that means nothing to the reader. Questions have
// RD=0 and DO=1. Referrals are followed with their glue; a name server without glue is looked up by a walk of its own
// (depth 1 and more); aliases begin anew at the closest zone that is known.
//
// Everything that comes is untrusted and bounded: see WalkLimits. Nothing is validated here; walk_trust.h asks a
// validating resolver about each step afterwards.
//
// A Walker belongs to one coroutine at a time, on a shard (or, with a test's Exchange, on any executor). What it has
// learnt of zones and of servers that do not answer it keeps for its next walk.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns/exchange.h"
#include "dns/reading.h"

namespace chappe::dns {

struct WalkLimits {
  std::size_t steps = 60;      // of one walk, with the walks within it
  std::size_t referrals = 16;  // one below the other
  std::size_t aliases = 8;
  std::size_t servers = 5;                    // that are tried for one question to one zone
  std::size_t depth = 3;                      // of walks within walks
  Duration server = std::chrono::seconds(3);  // for one of them
};

// What the chain of trust comes to at a step (RFC 4035 §4.3, §5.2): over the zone cut, for a referral; else of what was
// answered. walk_trust.h finds out.
enum class Trust : std::uint8_t {
  unchecked,        // nobody looked: there is no trust anchor
  secure,           // signed, and the signatures hold; of a referral: the zone below is vouched for by a DS
  proven_unsigned,  // of a referral: it is proven that there is no DS, so nothing below is signed
  insecure,         // something above is proven to be unsigned
  bogus,            // the signatures are broken, or missing where they must be
  unknown,          // the validating resolver has no answer, or another one
};
std::string_view trust_name(Trust trust);

// One server, asked once.
struct WalkStep {
  std::size_t depth = 0;  // more than 0: on the way to the address of a name server
  Question question;
  Name zone;                        // which zone's server it is asked as
  Name server;                      // its name
  std::optional<net::Endpoint> at;  // nothing: homeless
  Reading reading;
  Rcode rcode = Rcode::noerror;  // of who answered
  bool authoritative = false;
  bool tcp = false;
  std::size_t octets = 0;  // 0: nothing came
  Duration took{};
  std::string why = {};  // of timeout, unreachable and garbled: the system's words
  Trust trust = Trust::unchecked;
  std::string trust_why = {};  // of bogus and unknown
};

enum class WalkEnd : std::uint8_t {
  answered,  // answer, nodata or nxdomain
  nobody,    // no server of the last zone was of use
  steps,     // the limits
  referrals,
  aliases,
  alias_circle,  // the name is, by its aliases, itself
  time,
};
std::string_view walk_end_name(WalkEnd end);

struct Walk {
  Question question;
  std::vector<WalkStep> steps;  // in the order in which they were asked
  WalkEnd end = WalkEnd::nobody;
  // As a resolver's, with every alias on the way, but its security is not looked at; servfail or timeout unless `end`
  // is answered.
  Answer answer;
  // The worst of the aliases and the end.
  Trust trust = Trust::unchecked;
};

class Walker {
 public:
  // `exchange` must outlive it. `roots`: root_servers.h.
  Walker(Exchange& exchange, std::vector<NamedServer> roots, WalkLimits limits = {});

  // Always ends, at the latest by the deadline.
  net::Task<Walk> walk(Question question, net::Deadline deadline);

 private:
  struct Run;
  struct Found;

  net::Task<Found> resolve(Run* run, Question question, std::size_t depth);
  net::Task<std::optional<Reading>> ask_zone(Run* run, Name zone, Question question, std::size_t depth);
  net::Task<std::vector<net::Endpoint>> find_home(Run* run, Name zone, Name server, Question question,
                                                  std::size_t depth);
  net::Task<Reading> ask_server(Run* run, WalkStep step);
  // The servers in the order in which they are tried: those that can be reached at once, those whose address has to be
  // found, those that no way leads to, those that did not answer before.
  std::vector<NamedServer> in_order(std::vector<NamedServer> servers);
  // The addresses of a server that a way leads to, IPv4 first: where IPv6 has a route that leads nowhere, nobody waits.
  std::vector<net::Endpoint> reachable(const NamedServer& server);
  bool dead(const NamedServer& server) const;
  Name closest_zone(const Question& question) const;

  Exchange& exchange_;
  WalkLimits limits_;
  std::map<Name, std::vector<NamedServer>> zones_;  // that were referred to, and the root
  std::set<std::string> dead_;                      // addresses at which nobody answered
};

}  // namespace chappe::dns
