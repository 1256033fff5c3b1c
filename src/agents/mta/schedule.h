// When a letter is tried again, when its sender hears of a delay, and what a reply means for it. Pure.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/random.h"
#include "proto/smtp/reply.h"

namespace chappe::agents::mta {

// After `attempts` failures, the next comes that much later: 1, 5, 15 and 30 minutes, then each hour (RFC 5321 §4.5.4.1
// asks for 30 minutes at least once the first tries are over), spread by a tenth so that what failed together does not
// come back together.
Duration retry_after(std::uint32_t attempts, Random& random);

// The sender is told of a delay once, when the letter has waited that long.
inline constexpr Duration kDelayNotice = std::chrono::hours(4);

enum class Outcome : std::uint8_t {
  delivered,
  later,  // RFC 5321 §4.2.1: 4yz, or anything that cannot be a reply to this
  never,  // 5yz
};
// Of the reply to MAIL, RCPT or the letter.
Outcome outcome_of(const proto::smtp::Reply& reply);

}  // namespace chappe::agents::mta
