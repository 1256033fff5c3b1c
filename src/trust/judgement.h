// Everything that is known of who sent a letter, in one value: SPF of MAIL FROM and of HELO, the names of the client's
// address and the name that it gave, what DNS lists hold of them, each DKIM signature, the ARC chain and what it is
// worth here, the author, DMARC for each author domain, and what this host would do.
// The exchanger decides by it, `chappe verify` shows it, Authentication-Results and the trail are what is told of it:
// all of them are views of one result.
//
// Whether the names of the client lead back to it, and whether the name that it gave is its own, weighs nothing by
// itself (RFC 8601 §3, RFC 5321 §4.1.4): many honest hosts fail there. Both are told.
//
// Pure but for the resolver's questions, which all end by the deadline; the methods ask at the same time. Runs on the
// caller's executor, blocks nothing, never fails.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "message/letter.h"
#include "trust/arc/verify.h"
#include "trust/arc_trust.h"
#include "trust/author.h"
#include "trust/authres/results.h"
#include "trust/dkim/verify.h"
#include "trust/dmarc/action.h"
#include "trust/iprev.h"
#include "trust/sender_lists.h"
#include "trust/spf/check.h"

namespace chappe::trust {

// What a client said before DATA.
struct Envelope {
  std::string ip;         // where it speaks from; empty: not known, and neither SPF nor iprev is asked
  std::string helo;       // as given
  std::string mail_from;  // without angle brackets; empty: the null reverse-path
};

struct JudgeOptions {
  std::string receiver;  // our own host name
  Time now;              // when the letter came
  dkim::Limits dkim = {};
  spf::Limits spf = {};
  arc::Limits arc = {};
  std::vector<ListRule> lists = {};               // that are asked
  std::vector<std::string> trusted_sealers = {};  // in A-labels; trust/arc_trust.h
  // What this host makes of DMARC, and what it knows beside it; judge() adds what the letter itself shows, what lists
  // hold of its sender, and what trusted sealers say.
  dmarc::LocalPolicy policy = {};
  dmarc::Knowledge knowledge = {};
};

struct Judgement {
  Envelope envelope;
  std::optional<spf::Verdict> spf;     // of MAIL FROM
  std::optional<spf::Verdict> helo;    // of HELO; nothing without one
  std::optional<Iprev> iprev;          // whether the names of its address lead back to it
  std::optional<HeloCheck> helo_name;  // whether the name that it gave leads to it; nothing without one
  SenderListing lists;
  dkim::Verdict dkim;
  arc::Verdict arc;
  ArcTrust arc_trust;
  Author author;
  std::vector<dmarc::Verdict> dmarc;  // one for each of author.domains
  dmarc::Knowledge knowledge;         // that the decision rests on: who knows more of one recipient may decide again
  dmarc::Decision decision;

  // The one that decides. Null: there is no author to judge.
  const dmarc::Verdict* decisive() const { return dmarc.empty() ? nullptr : &dmarc.at(decision.governing); }
  // The DNS kept something back that could have changed the outcome.
  bool kept_back() const;
  // What is to be done by whom knows this, and decides so: dmarc::decide(), and what lists hold of the sender. Who is
  // allowed by it is not kept out by a list.
  dmarc::Decision decide(const dmarc::Knowledge& known, const dmarc::LocalPolicy& policy) const;
};

// `resolver`, `letter` and `bodies` (finished) must outlive the task.
net::Task<Judgement> judge(dns::Resolver& resolver, Envelope envelope, const message::Letter& letter,
                           const dkim::BodyHashes& bodies, JudgeOptions options, net::Deadline deadline);

// What Authentication-Results tells of it (RFC 8601). DMARC, SPF, ARC and the client stand first, since the end of what
// is too long for a field is left out (authres::cleaned): however many signatures somebody puts above a letter, none of
// them pushes these out. Those that were not looked at are told as one.
authres::Results results_of(const Judgement& judgement, std::string authserv_id);

}  // namespace chappe::trust
