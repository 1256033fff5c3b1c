#include "base/error.h"

#include <array>

namespace chappe {
namespace {

using enum ErrorClass;

// Enhanced codes: RFC 3463 §3; X.3.0 is "other mail system status", X.7.0 "other security status".
// IMAP response codes: RFC 9051 §7.1 (RFC 5530 for most).
constexpr std::array<ErrorRow, kErrcCount> kRows = {{
    {Errc::timeout, "timeout", temporary, 451, "4.4.2", "UNAVAILABLE", 504, 75},
    {Errc::cancelled, "cancelled", temporary, 421, "4.3.2", "UNAVAILABLE", 503, 75},
    {Errc::closed, "closed", temporary, 421, "4.4.2", "UNAVAILABLE", 503, 75},
    {Errc::busy, "busy", temporary, 451, "4.3.2", "LIMIT", 503, 75},
    {Errc::no_space, "no_space", temporary, 452, "4.3.1", "LIMIT", 507, 75},
    {Errc::io, "io", temporary, 451, "4.3.0", "SERVERBUG", 500, 74},
    {Errc::read_only, "read_only", temporary, 451, "4.3.0", "UNAVAILABLE", 503, 75},
    {Errc::unavailable, "unavailable", temporary, 451, "4.4.3", "UNAVAILABLE", 503, 69},
    {Errc::conflict, "conflict", temporary, 451, "4.3.0", "INUSE", 409, 75},
    {Errc::not_found, "not_found", permanent, 550, "5.1.1", "NONEXISTENT", 404, 67},
    {Errc::exists, "exists", permanent, 550, "5.3.0", "ALREADYEXISTS", 409, 65},
    {Errc::invalid, "invalid", permanent, 501, "5.5.4", "CLIENTBUG", 400, 65},
    {Errc::too_large, "too_large", permanent, 552, "5.3.4", "TOOBIG", 413, 65},
    {Errc::over_quota, "over_quota", permanent, 552, "5.2.2", "OVERQUOTA", 507, 73},
    {Errc::denied, "denied", permanent, 550, "5.7.1", "NOPERM", 403, 77},
    {Errc::unauthenticated, "unauthenticated", permanent, 535, "5.7.8", "AUTHENTICATIONFAILED", 401, 77},
    {Errc::unsupported, "unsupported", permanent, 504, "5.5.4", "CANNOT", 501, 69},
    {Errc::config, "config", permanent, 550, "5.3.5", "CONTACTADMIN", 500, 78},
    {Errc::usage, "usage", permanent, 501, "5.5.4", "CLIENTBUG", 400, 64},
    {Errc::corrupt, "corrupt", permanent, 554, "5.3.0", "CORRUPTION", 500, 65},
    {Errc::bug, "bug", ErrorClass::bug, 451, "4.3.0", "SERVERBUG", 500, 70},
}};

constexpr bool in_order() {
  for (int i = 0; i < kErrcCount; ++i)
    if (static_cast<int>(kRows[i].code) != i) return false;
  return true;
}
static_assert(in_order(), "kRows must stand in the order of Errc");

}  // namespace

const ErrorRow& error_row(Errc code) { return kRows[static_cast<std::size_t>(code)]; }

std::string Error::describe() const { return std::string(error_row(code_).name) + ": " + text_; }

}  // namespace chappe
