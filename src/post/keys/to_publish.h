// What a domain of ours should say in the DNS of who sends as it: SPF (RFC 7208), a record for each DKIM key (RFC 6376
// §3.6.2.1) and DMARC (RFC 9989 §4.7), with what stands there now, what is wrong with it, and in which zone each
// belongs.
//
// Pure but for the resolver's questions, which end by the deadline. What a domain says already of SPF and DMARC is its
// own matter and is left as it is; a record is proposed only where it is known that there is none: beside another one
// it would break both (RFC 7208 §4.5, RFC 9989 §4.10).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"
#include "post/keys/dkim_key.h"
#include "trust/dmarc/record.h"
#include "trust/spf/lint.h"

namespace chappe::post {

// A part of the DNS that its owner changes as a whole (RFC 1034 §4.2). The root: it is not known.
struct Zone {
  dns::Name name;
  std::vector<std::string> servers;  // that serve it, as the DNS has them

  bool operator==(const Zone&) const = default;
};

struct ToPublish {
  enum class For : std::uint8_t { spf, dkim, dmarc };
  enum class Now : std::uint8_t {
    same,
    other,    // another key's record
    wrong,    // the domain's own, with an error in it
    several,  // SPF, DMARC: receivers heed none of them
    absent,
    unknown,  // the DNS does not answer
  };
  For what{};
  dns::Name name;
  std::string text;                     // of the TXT record, its strings joined; empty: nothing can be proposed
  std::optional<DkimKey> key = {};      // of dkim
  Now now = Now::unknown;               // whether it stands there
  std::vector<std::string> there = {};  // what stands there instead
  // Of what stands there, beside what `now` says.
  std::vector<trust::spf::LintFinding> spf = {};
  std::vector<trust::dmarc::Flawed> dmarc = {};
  Zone zone = {};  // in which it belongs
};
std::string_view published_name(ToPublish::Now now);
std::string_view purpose_name(ToPublish::For what);

// SPF, the keys as given, DMARC. `domain`: in A-labels. `resolver` must outlive the task.
net::Task<std::vector<ToPublish>> to_publish(dns::Resolver& resolver, std::string domain, std::vector<DkimKey> keys,
                                             net::Deadline deadline);

// The record, which has a text, as a line of a zone file; several lines where that is too long for one string (RFC 7208
// §3.3).
std::string zone_line(const ToPublish& record);

}  // namespace chappe::post
