#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 login
Result<Args> parse_login(Cursor& c, bool) {
  Login out;
  TRY(c.space());
  out.user = TRY(c.astring());
  TRY(c.space());
  out.password = TRY(c.astring());
  return Args(std::move(out));
}

// RFC 9051 §6.2.3, LOGINDISABLED
Result<> check_login(const Args&, const Facts& facts) {
  if (facts.plain_login) return {};
  return fail(Errc::denied, "LOGIN sends a password in the clear; use TLS first");
}

}  // namespace chappe::proto::imap
