// The trace fields that a door puts on top of a letter (RFC 5321 §4.4).
#pragma once

#include <optional>
#include <string>

#include "agents/door/session.h"
#include "post/letter_id.h"

namespace chappe::agents {

struct TraceFacts {
  std::string hello;      // as the client named itself
  bool extended = false;  // EHLO
  bool lmtp = false;
  bool smtputf8 = false;
  bool authenticated = false;
  std::string recipient;  // shown when it is the only one
  post::LetterId letter;
  Time time;
};

// "Received: from … by … with ESMTPSA id … for …; date" with its CRLFs. The protocol names are those of RFC 3848 and
// RFC 6531 §4.3; what the client said of itself stands in it escaped.
Bytes received_field(const Session& session, const std::string& hostname, const TraceFacts& facts);

// "Sat, 21 Nov 2026 18:32:39 +0000" (RFC 5322 §3.3). Always UTC: the machine's zone is nobody's business.
std::string mail_date(Time time);

}  // namespace chappe::agents
