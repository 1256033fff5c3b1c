// How a letter to an address finds its way, looked up as it is now: the walk from the root to the MX and to the first
// host's address, what the transfer agent makes of it, what the domain publishes for those who want to trust it, and,
// if wished, a look at the host itself. The answer to `chappe explain`; explain_print.h shows it. Sends no letter, and
// needs no running server: the domain is looked at from outside, even if it is ours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/json.h"
#include "crypto/certificate.h"
#include "dns/walk.h"

namespace chappe::app {

// A record by which a domain says whom to trust; what it is for stands in one table (explain_print.cc).
enum class Pledge : std::uint8_t { spf, dmarc, mta_sts, tlsa };
inline constexpr std::size_t kPledges = 4;

struct PledgeFound {
  Pledge what{};
  dns::Answer answer;              // to the question for its records
  std::vector<std::string> texts;  // those that are of its kind; of several beside each other, all
};

// What port 25 of a host says. Everything is the other side's, and untrusted.
struct Contact {
  std::string host;
  std::string at;     // the address that answered
  std::string error;  // why there is nothing else
  std::string greeting;
  std::vector<std::string> features;  // the lines of the reply to EHLO, the first is its name
  std::string tls;                    // "TLSv1.3 TLS_AES_256_GCM_SHA384", or "none"
  std::optional<crypto::CertificateFacts> certificate;
  Duration took{};
};

struct Explanation {
  std::string address;  // as it was asked for; may be a domain alone
  std::string domain;   // in A-labels; or an address literal
  std::string roots;    // the file that names the servers of the root; empty: the Internet's
  bool validating = false;
  std::vector<dns::Walk> walks;  // to the MX; then to the first host's A and AAAA. None: of a zone text, or a literal
  codec::json::Value route;      // a route_report()
  std::string first_ip;          // of the host that is tried first; empty: there is none
  std::optional<dns::Answer> reverse;  // the PTR of first_ip
  std::vector<PledgeFound> pledges;
  std::optional<Contact> contact;
};

struct ExplainSources {
  dns::Resolver* resolver;
  bool validating = false;             // it has a trust anchor
  dns::Walker* walker;                 // null: there is nothing to walk through
  std::string roots;                   // as in Explanation
  std::string hostname = "localhost";  // how we introduce ourselves
  bool connect = false;
  bool loopback = false;  // mail hosts may be on this machine: in a world of one's own (agents/mta/route.h)
};

// On a shard. Errors: invalid (it is neither an address nor a domain). What fails on the way is part of the answer.
net::Task<Result<Explanation>> explain(const ExplainSources* sources, std::string address, net::Deadline deadline);

// What a shell is told: 0 only if the walk came to its end and there is a host to hand the letter to (and, with
// `connect`, it answered). Else 67 when no letter can be sent there, 69 when that is not known now.
int exit_code(const Explanation& explanation);

}  // namespace chappe::app
