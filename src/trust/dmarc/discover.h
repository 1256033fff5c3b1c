// Where the DMARC Policy Record of a domain is, and which organization it belongs to: the DNS Tree Walk (RFC 9989
// §4.10). A Discoverer serves one evaluation: it asks nothing twice, and its Discovery keeps every question with its
// answer in order, every name that was looked at, and every walk.
//
// Choices where the RFC leaves one:
//   - A walk starts at the domain in question, for an author domain without a record too: §4.10.1 lets that one start
//     at the parent, whose psd=y would then not count, and the organization would be another one than in §4.10.2.
//   - A transient error ends a walk: what stands at that name could decide it, so nothing is known (§5.3.6).
//   - A name too long to have _dmarc before it has no record, and is not asked for.
//
// A Discoverer is owned by one coroutine; the resolver must outlive it. Pure but for the resolver's questions, each of
// which ends by the deadline. What was asked is searched from its beginning: a letter leads to a hundred names at most
// (kMaxWalks, kMaxWalkQueries).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"
#include "trust/dmarc/record.h"

namespace chappe::trust::dmarc {

// RFC 9989 §4.10: labels of the longest name below the starting point that is asked for.
inline constexpr std::size_t kWalkLabels = 7;
inline constexpr std::size_t kMaxWalkQueries = kWalkLabels + 1;

// What stands at one name.
enum class Standard : std::uint8_t {
  nothing,  // no such name, no TXT record, or none that begins with v=DMARC1
  record,
  several,  // so they are all discarded (RFC 9989 §4.10 step 2)
  error,    // the DNS has no answer now
};
struct Found {
  static constexpr std::size_t kNotAsked = static_cast<std::size_t>(-1);

  dns::Name domain;               // without _dmarc
  std::size_t asked = kNotAsked;  // into Discovery::asked
  Standard standard = Standard::nothing;
  std::size_t records = 0;  // DMARC records at the name
  std::size_t texts = 0;    // TXT records at the name
  Reading reading;          // of the record; or what is wrong with the one text there that wants to be one

  const Record* record() const { return standard == Standard::record ? &*reading.record : nullptr; }
};

enum class WalkEnd : std::uint8_t { psd_yes, psd_no, top, error };
// Which rule chose the organizational domain (RFC 9989 §4.10.2).
enum class Choice : std::uint8_t {
  psd_no,         // 1: the record there says psd=n
  below_psd,      // 2: a record one label above says psd=y
  fewest_labels,  // 3: the record with the fewest labels
  itself,         // there is no record: the domain itself
  unknown,        // an error
};
struct Walk {
  dns::Name start;
  std::vector<std::size_t> steps;  // into Discovery::found
  WalkEnd end = WalkEnd::top;
  Choice choice = Choice::unknown;
  std::optional<dns::Name> organization;
  std::optional<std::size_t> psd;  // into Discovery::found: the record with psd=y that is not the start's

  bool failed() const { return end == WalkEnd::error; }
};
std::string_view walk_end_name(WalkEnd end);
std::string_view choice_name(Choice choice);

struct Discovery {
  std::vector<dns::Answer> asked;  // in order
  std::vector<Found> found;        // in order
  std::vector<Walk> walks;         // in order
};

enum class Existence : std::uint8_t { unasked, exists, nonexistent, unknown };

class Discoverer {
 public:
  Discoverer(dns::Resolver& resolver, net::Deadline deadline);
  Discoverer(const Discoverer&) = delete;
  Discoverer& operator=(const Discoverer&) = delete;

  // An index into found. The first call for a name asks, each later one finds what was found.
  net::Task<std::size_t> look(dns::Name domain);
  // An index into walks.
  net::Task<std::size_t> walk(dns::Name start);
  // RFC 9989 §3.2.13, appendix A.4: only NXDOMAIN for the very name says that it does not exist. A name that stands for
  // one which does not exist (CNAME) exists itself.
  net::Task<Existence> existence(dns::Name domain);

  const Discovery& discovery() const { return out_; }
  Discovery take() { return std::move(out_); }

 private:
  net::Task<std::size_t> ask(dns::Question question);
  void choose(Walk& walk) const;

  dns::Resolver& resolver_;
  net::Deadline deadline_;
  Discovery out_;
};

}  // namespace chappe::trust::dmarc
