// What a chain of seals that holds is worth here: whether those who sealed it are trusted to tell the truth, and what
// they saw of the author's domain while the letter still was as its author sent it (RFC 8617 §7.1, §9.4).
//
// Which sets count:
//   - A sealer is trusted if d= of its seal is one of the names of this host, exactly. A domain below one may be in
//     other hands (a customer's, a list's), and is named itself if it is meant.
//   - The newest sealer must be trusted. It answers for the letter as it is now; with its seal it also says that the
//     chain below held when it came there (cv=pass).
//   - Its ARC-Authentication-Results are asked first. If they do not tell of a pass, the sealer below it, which is how
//     the letter came there, and so on; but only down to the first that is not trusted. What lies below that one was
//     written by anybody.
//   - In a set, the result of DMARC for the very domain of the author (header.from) counts; without one, the SPF and
//     DKIM identities that passed there are aligned with the author's domain as for a letter of today. A set that
//     cannot be read, or that tells two results of the domain, says nothing good.
//
// Pure but for the resolver, which is asked only in that last case; ends by the deadline, blocks nothing, never fails.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "message/field.h"
#include "trust/arc/verify.h"
#include "trust/dmarc/action.h"

namespace chappe::trust {

enum class ArcTrustReason : std::uint8_t {
  no_chain,         // none, or one that does not hold
  sealer_unknown,   // nobody here trusts the newest sealer
  sealer_vouches,   // a trusted one saw each author's domain pass
  sealer_does_not,  // none did
};
struct ArcTrustRow {
  ArcTrustReason reason;
  std::string_view id;
  std::string_view rule;
  std::string_view en, fr;
};
const ArcTrustRow& arc_trust_row(ArcTrustReason reason);
std::span<const ArcTrustRow> arc_trust_rows();

struct ArcTrust {
  ArcTrustReason reason = ArcTrustReason::no_chain;
  std::uint32_t instance = 0;  // of the set whose word counts; 0: none
  std::string sealer;          // who wrote it
  dmarc::ArcKnowledge knowledge;
};

// `trusted`: domains in A-labels. `chain` is the verdict on `header`; both, and the resolver, must outlive the task.
net::Task<ArcTrust> weigh_chain(dns::Resolver& resolver, const arc::Verdict& chain,
                                std::span<const message::Field> header, std::vector<std::string> authors,
                                std::vector<std::string> trusted, net::Deadline deadline);

// "arc=pass as[2].d=d2.example as[2].s=s2 as[1].d=… remote-ip[1]=2001:db8::1a" (RFC 8617 §7.2.2)
std::string arc_comment(const arc::Verdict& chain, std::span<const message::Field> header);

}  // namespace chappe::trust
