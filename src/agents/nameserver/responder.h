// What a name server says to one message, without sockets: the rules around the zones' own answers (dns/zone.h).
// Malformed is FORMERR, another opcode NOTIMP, what is not ours REFUSED, another version of EDNS BADVERS; an answer
// that does not fit is cut by whole sets, with TC (RFC 1035 §4.1.1, RFC 2181 §9, RFC 6891 §7). No recursion, no
// transfers.
//
// Pure functions on zones that do not change; any thread.
#pragma once

#include <optional>

#include "dns/zone.h"

namespace chappe::agents::nameserver {

enum class Transport : std::uint8_t { udp, tcp };

struct Reply {
  Bytes octets;
  // For those who watch: what was asked, if that could be read, and what was said.
  std::optional<dns::Question> question;
  dns::Rcode rcode{};
  bool authoritative = false;
  bool referral = false;
  bool truncated = false;
  bool dnssec = false;      // the asker takes signatures
  std::size_t answers = 0;  // records in the answer section, before it was cut
};

// Nothing: the message is not to be answered (too short, or itself an answer).
std::optional<Reply> respond(const dns::Zones& zones, ByteView query, Transport transport);

}  // namespace chappe::agents::nameserver
