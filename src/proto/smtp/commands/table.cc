#include <array>

#include "base/text.h"
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {
namespace {

constexpr auto kCommands = std::to_array<CommandRow>({
    {"MAIL", kNeedsHello | kNeedsAuth | kUtf8, check_mail},
    {"RCPT", kNeedsHello | kUtf8, check_rcpt},
    {"DATA", kNeedsHello | kWaits | kNoArgument, check_data},
    {"BDAT", kInClear | kClosesOnSyntax, check_bdat},
    {"EHLO", kInClear | kWaits | kIdle | kSmtpOnly, check_ehlo},
    {"HELO", kWaits | kIdle | kSmtpOnly, check_helo},
    {"LHLO", kInClear | kWaits | kIdle | kLmtpOnly, check_ehlo},
    {"RSET", kIdle | kNoArgument, check_rset},
    {"QUIT", kInClear | kNoArgument, check_quit},
    {"NOOP", kInClear | kIdle | kUtf8, check_noop},
    {"STARTTLS", kNeedsHello | kInClear | kIdle | kNoArgument, check_starttls},
    {"AUTH", kNeedsHello | kIdle, check_auth},
    {"VRFY", kNeedsHello | kNeedsAuth | kIdle | kUtf8, check_vrfy},
    {"HELP", kIdle | kUtf8, check_help},
    // RFC 5321 §4.2.4: known, not implemented. SEND, SOML, SAML and TURN are history (appendix F.1, F.6).
    {"EXPN", kIdle | kUtf8, check_unsupported},
    {"ETRN", kIdle, check_unsupported},
    {"TURN", kIdle, check_unsupported},
    {"SEND", kIdle, check_unsupported},
    {"SOML", kIdle, check_unsupported},
    {"SAML", kIdle, check_unsupported},
});

constexpr auto kAliens =
    std::to_array<std::string_view>({"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PATCH", "DELETE", "PRI"});

}  // namespace

const CommandRow* find_command(std::string_view verb) {
  for (const CommandRow& row : kCommands)
    if (iequals(row.verb, verb)) return &row;
  return nullptr;
}

bool alien_verb(std::string_view verb) {
  for (const std::string_view alien : kAliens)
    if (iequals(alien, verb)) return true;
  return false;
}

}  // namespace chappe::proto::smtp
