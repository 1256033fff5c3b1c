// Which organization a domain belongs to by the Public Suffix List (RFC 7489 §3.2), beside what the tree walk says (RFC
// 9989 §4.10.2): for the owner of a record, whom receivers of both kinds read. Nothing is judged by it.
#pragma once

#include <optional>
#include <string>

#include "codec/json.h"
#include "trust/dmarc/evaluate.h"
#include "trust/dmarc/suffix_list.h"

namespace chappe::app {

struct OldWay {
  std::string domain;
  std::string list;          // which one was used
  std::string organization;  // by it; empty: the domain is a public suffix
  std::string by_walk;       // empty: not known now
  trust::dmarc::Choice choice = trust::dmarc::Choice::unknown;

  // And a record is there, so that it matters.
  bool differs() const;
};

// `verdict` is that on a letter of the domain without any proof; where that needed no walk, one is made. `resolver` and
// both others must outlive the task.
net::Task<OldWay> old_way(dns::Resolver& resolver, const trust::dmarc::Verdict& verdict,
                          const trust::dmarc::SuffixList& list, net::Deadline deadline);

// A warning in words; empty where they agree.
std::string old_way_text(const OldWay& way, bool french);
// As the value of the member that the caller has begun.
void write_old_way(codec::json::Writer& out, const OldWay& way);

}  // namespace chappe::app
