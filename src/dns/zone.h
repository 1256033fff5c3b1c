// A zone that we have authority over, as data, and what it answers (RFC 1034 §4.3.2): records, referrals with glue,
// wildcards (RFC 4592), aliases followed within the zone, DNAME (RFC 6672), the SOA with what is not there (RFC 2308
// §3), and for a signed zone the proofs of that by NSEC (RFC 4035 §3.1.3) or NSEC3 (RFC 5155 §7.2).
//
// Immutable once made; any thread. A look-up hashes a few names at most (NSEC3), and never walks the zone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dns/message.h"
#include "dns/tree.h"
#include "dns/zone_denial.h"

namespace chappe::dns {

class Zone {
 public:
  // How many aliases are followed.
  static constexpr std::size_t kMaxChain = 12;

  // The apex is where the SOA stands. Errc::invalid names the record that cannot be as it is, and why.
  static Result<Zone> make(const std::vector<Record>& records);
  Zone(Zone&&) = default;  // the proofs point into the tree: a zone is never copied

  struct Lookup {
    Rcode rcode = Rcode::noerror;
    bool authoritative = true;
    bool referral = false;  // the glue in `additional` is needed
    std::vector<Record> answer, authority, additional;
  };
  // `name` must be under the apex. `dnssec`: with signatures and proofs, if there are any.
  Lookup look_up(const Question& question, bool dnssec) const;

  const Name& apex() const { return apex_; }
  std::uint32_t serial() const;
  bool is_signed() const { return denial_.possible(); }

 private:
  class Walk;

  Zone() = default;
  Result<void> check() const;
  const Tree::Node& top() const { return *tree_.at(apex_); }

  Name apex_;
  Tree tree_;  // without NSEC3
  Denial denial_;
};

// Zones by name. Built once, then read by any thread.
class Zones {
 public:
  // Errc::exists: a zone of that name is there.
  Result<void> add(Zone zone);
  // The closest zone around the question's name; for a DS at an apex the one above, if we have it (RFC 4035 §3.1.4.1).
  // Null: none of ours.
  const Zone* find(const Question& question) const;

 private:
  const Zone* around(const Name& name) const;

  std::map<Name, Zone> zones_;
};

}  // namespace chappe::dns
