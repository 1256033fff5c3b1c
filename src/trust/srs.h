// The Sender Rewriting Scheme (Meng Weng Wong, 2003): what MAIL FROM becomes when a letter is forwarded, so that SPF
// asks about the forwarder and bounces come back through it. Stateless: the address holds the sender, a day and a sum
// that only the forwarder can make.
//
//   SRS0=SSSSSSSS=DD=example.com=pat@forwarder              pat@example.com, forwarded once
//   SRS1=SSSSSSSS=first==SSSS=DD=example.com=pat@forwarder  SRS0=SSSS=DD=…@first, forwarded again
//
// SSSSSSSS are 40 bits of an HMAC-SHA-256, DD is the day modulo 1024, both in the base 32 of RFC 4648 §6 and read in
// either case: hosts on the way fold local parts. For the same reason the sum is over the lower case of what it signs.
// An SRS1 sum has no day of its own: the first forwarder's has one.
//
// Too long: a local part has up to 64 octets (RFC 5321 §4.5.3.1.1), and nothing of a sender can be left out. Then
// srs_forward() fails with Errc::too_large, and the caller forwards with an address of its own whose bounces stay here:
// better than a sender that SPF refuses, or that the next host does.
//
// Not for the null reverse-path, which is forwarded as it is. Time and secrets come in; pure, any thread, linear.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "message/findings.h"

namespace chappe::trust {

inline constexpr std::size_t kMaxSrsLocal = 64;
// Days for which bounces come back. Queues give up after five; some answer later.
inline constexpr int kSrsDays = 21;
inline constexpr int kMaxSrsDays = 500;  // of the 1024 that a stamp can tell apart

struct SrsAddress {
  std::string local;   // as it is meant: without quotes
  std::string domain;  // A-labels
  bool operator==(const SrsAddress&) const = default;
};

// The MAIL FROM to forward with at `forwarder`. The first of `secrets` signs; there must be one. A sender that is at
// `forwarder` already stays as it is. Errc::invalid: no address; Errc::too_large: see above.
Result<SrsAddress> srs_forward(const SrsAddress& sender, std::string_view forwarder,
                               std::span<const crypto::Secret> secrets, Time now);

enum class SrsFault : std::uint8_t {
  not_srs,    // an ordinary local part
  malformed,  // begins as one of ours and is none
  forged,     // no secret made the sum: not ours, or of a secret that is gone
  expired,    // or from the future
};
struct SrsFaultRow {
  SrsFault fault;
  std::string_view id;
  std::string_view en, fr;

  std::string_view text(message::Lang lang) const { return lang == message::Lang::fr ? fr : en; }
};
const SrsFaultRow& srs_fault_row(SrsFault fault);

// Whether it begins as rewritten senders do, whoever rewrote it.
bool looks_rewritten(std::string_view local);

// Where a bounce to `local` at the forwarder goes. Any of `secrets` may have signed it; `days` is up to kMaxSrsDays.
std::expected<SrsAddress, SrsFault> srs_reverse(std::string_view local, std::span<const crypto::Secret> secrets,
                                                Time now, int days = kSrsDays);

}  // namespace chappe::trust
