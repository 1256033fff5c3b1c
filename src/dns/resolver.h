// The question that everything above asks of the DNS, and the answer, in which six outcomes are kept apart that mean
// six different things to mail. Resolver is an interface; its forms are
//
//   ZoneResolver       from a zone text, with faults on demand       zone_resolver.h
//   RecordingResolver  writes down what another one answers          recording.h
//   ReplayResolver     answers from that
//   OverlayResolver    planned records in front of another resolver  overlay.h
//   CountingResolver   counts outcomes                               counting.h
//   CachingResolver    remembers answers for their TTL, per shard    cache.h
//   LiveResolver       the Internet, validating                      live.h
//
// A resolver is named once, in app/, and outlives whoever asks it. Nothing blocks; every question has a deadline.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/record.h"
#include "net/task.h"

namespace chappe::dns {

struct Question {
  Name name;
  Type type{};

  // "example.org. MX"
  std::string text() const;
  bool operator==(const Question&) const = default;
  std::weak_ordering operator<=>(const Question& other) const = default;
};

enum class Outcome : std::uint8_t {
  answer,    // there are such records
  nodata,    // the name exists, such records do not (RFC 2308 §2.2)
  nxdomain,  // the name does not exist, nor anything below it (RFC 2308 §2.1, RFC 8020 §2)
  servfail,  // whoever knows says nothing of use, or we cannot ask
  timeout,   // nobody answered by the deadline
  bogus,     // there is an answer, and its signatures say that it is forged or broken (RFC 4035 §4.3)
};

struct OutcomeRow {
  Outcome outcome;
  std::string_view name;      // as texts and JSON spell it
  std::optional<Errc> error;  // nothing: there is none
  std::string_view says;
};
// What an outcome is called, and which error it is to those who needed records: nodata and nxdomain are permanent, the
// other failures temporary (error_row() has the classes).
const OutcomeRow& outcome_row(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view name);

// RFC 4035 §4.3. What is bogus is an outcome.
enum class Security : std::uint8_t {
  secure,         // a chain of signatures leads from the trust anchor to it; of nodata and nxdomain too
  insecure,       // proven to be unsigned
  indeterminate,  // nobody looked
};
std::string_view security_name(Security security);
std::optional<Security> parse_security(std::string_view name);

struct Answer {
  Question question;
  Outcome outcome = Outcome::servfail;
  Security security = Security::indeterminate;  // of the whole: chain and records, or the proof of their absence
  Name canonical;             // where the chain of aliases ends: the name that records, nodata or nxdomain are about
  std::vector<Record> chain;  // the CNAMEs on the way, in order; empty if there is none
  RRset records;              // with outcome answer; else empty. Their name is `canonical`
  std::uint32_t ttl = 0;      // for how many seconds the answer may be kept; 0: for this question only
  std::string why;            // of servfail, timeout and bogus, in words

  explicit operator bool() const { return outcome == Outcome::answer; }
  // There are no such records, and that will be so for a while.
  bool absent() const { return outcome == Outcome::nodata || outcome == Outcome::nxdomain; }
  bool secure() const { return security == Security::secure; }
  // What to tell those who needed records. Not for outcome answer.
  Error error() const;
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  // Always answers, at the latest by the deadline. On any executor, unless the form says otherwise.
  virtual net::Task<Answer> ask(Question question, net::Deadline deadline) = 0;
};

// An answer without records.
Answer without_records(Question question, Outcome outcome, std::string why = {});

// Both kinds of addresses of a host, asked at the same time.
struct Addresses {
  Answer v4, v6;
};
net::Task<Addresses> addresses_of(Resolver& resolver, Name host, net::Deadline deadline);

// "1.2.0.192.in-addr.arpa.", or below ip6.arpa. (RFC 1035 §3.5, RFC 3596 §2.5). Errc::invalid: no IP address.
Result<Name> reverse_name(std::string_view ip);

}  // namespace chappe::dns
