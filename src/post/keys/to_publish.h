// What a domain of ours should say in the DNS of who sends as it: SPF (RFC 7208), a record for each DKIM key (RFC 6376
// §3.6.2.1) and DMARC (RFC 9989 §4.7), with what stands there now, and in which zone it belongs.
//
// Pure but for the resolver's questions, which end by the deadline. What a domain says already of SPF and DMARC is its
// own matter and is left as it is; a record is proposed only where there is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"
#include "post/keys/dkim_key.h"

namespace chappe::post {

struct ToPublish {
  enum class For : std::uint8_t { spf, dkim, dmarc };
  enum class Now : std::uint8_t { same, other, absent, unknown };
  For what{};
  dns::Name name;
  std::string text;                     // of the TXT record, its strings joined
  std::optional<DkimKey> key = {};      // of dkim
  Now now = Now::unknown;               // whether it stands there; unknown: the DNS does not answer
  std::vector<std::string> there = {};  // what stands there instead
};
std::string_view published_name(ToPublish::Now now);
std::string_view purpose_name(ToPublish::For what);

struct Publication {
  dns::Name zone;                    // in which they belong; the root: not known
  std::vector<std::string> servers;  // that serve it, as the DNS has them
  std::vector<ToPublish> records;    // SPF, the keys as given, DMARC
};

// `domain`: in A-labels. `resolver` must outlive the task.
net::Task<Publication> to_publish(dns::Resolver& resolver, std::string domain, std::vector<DkimKey> keys,
                                  net::Deadline deadline);

// The record as a line of a zone file; several lines where its text is too long for one string (RFC 7208 §3.3).
std::string zone_line(const ToPublish& record);

}  // namespace chappe::post
