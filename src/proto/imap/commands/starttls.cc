#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §6.2.1
Result<> check_starttls(const Args&, const Facts& facts) {
  if (facts.tls) return fail(Errc::invalid, "TLS is on already");
  if (!facts.can_starttls) return fail(Errc::invalid, "STARTTLS is not offered");
  return {};
}

}  // namespace chappe::proto::imap
