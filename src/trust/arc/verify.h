// Is the chain of a letter whole? Its ARC sets are collected, the newest message signature and then every seal verified
// (RFC 8617 §5.2). What comes out is the whole reasoning: each set with the verdicts on its two signatures, each
// question with its answer.
//
// Pure but for the resolver, which is asked once for each key, for all at the same time. Never fails; every trouble, a
// DNS that does not answer as well, is Status::fail (§5.2.1), and its verdict tells what it was. On a shard: 50 µs to
// 0.12 ms a signature; it yields between them. Whoever seals must still be told which chain is trusted: that is policy.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "trust/arc/chain.h"

namespace chappe::trust::arc {

struct Limits {
  dkim::Limits signature;  // for each signature; .octets for all together
  std::size_t keys = 30;   // different ones in a chain
};

struct Verdict {
  Reason reason = Reason::no_sets;
  std::uint32_t at = 0;   // the instance where it broke; 0: not at one
  std::string detail;     // in English
  std::vector<Set> sets;  // by instance, as far as they could be told apart
  std::vector<dns::Answer> questions;
  // RFC 8617 §5.2, step 5, of a chain that holds: the lowest instance from which on every message signature holds, so
  // that the letter was not changed since; 0: all of them hold.
  std::uint32_t oldest_pass = 0;

  Status status() const { return reason_row(reason).status; }
};

// `resolver`, the fields with their letter, and `bodies` must outlive the task. `bodies` is finished.
net::Task<Verdict> verify(dns::Resolver& resolver, std::span<const message::Field> header,
                          const dkim::BodyHashes& bodies, Time now, Limits limits, net::Deadline deadline);

// What the seal of sets.back() signs (RFC 8617 §5.1.1): the fields of all sets in order, its own without its value.
// The sets are complete.
std::string sealed_text(std::span<const message::Field> header, std::span<const Set> sets);

}  // namespace chappe::trust::arc
