// Are the signatures of a letter good? Each DKIM-Signature is read, its key asked for, and it is verified (RFC 6376 §6,
// RFC 8301, RFC 8463); what comes out is the whole reasoning: every signature with its verdict and why, every question
// to the DNS with its answer, both hashes of a body that differs.
//
// Pure but for the resolver, which is asked once for each key, for all of them at the same time. On a shard: what is
// computed costs 50 µs for an RSA-2048 signature, 0.12 ms for Ed25519; it yields between signatures. Never fails.
//
// Choices: of several records at one name each that is a key and fits is tried, up to Limits::keys; t=y changes no
// verdict and is told; `l=` with a body that goes on is `policy`, not `pass`. Expired signatures and those of the
// future are not verified. Signatures beyond Limits::signatures are told, and not looked at.
#pragma once

#include <span>
#include <vector>

#include "message/field.h"
#include "trust/dkim/check.h"

namespace chappe::trust::dkim {

struct Verdict {
  std::vector<SignatureVerdict> signatures;  // in the order of the header; empty: it has none
  std::vector<dns::Answer> questions;        // in the order in which they were needed

  // The best of all: pass, temperror (it may be pass later), fail, policy, permerror, neutral; none without signatures.
  ResultCode result() const;
};

// `resolver`, the fields with their letter, and `bodies` must outlive the task. `bodies` is finished, and was made
// of this header, or of what kinds of hashes its signatures want. `now` is when the letter came.
net::Task<Verdict> verify(dns::Resolver& resolver, std::span<const message::Field> header, const BodyHashes& bodies,
                          Time now, Limits limits, net::Deadline deadline);

}  // namespace chappe::trust::dkim
