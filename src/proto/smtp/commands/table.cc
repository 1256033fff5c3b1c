#include <algorithm>
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

std::optional<Rule> forbidden(const CommandRow& row, const Session& session, std::string_view argument) {
  const ServerOptions& o = session.options;
  const bool lmtp = o.role == Role::lmtp;
  if ((row.flags & kSmtpOnly) != 0 && lmtp) return Rule::hello_lmtp;  // RFC 2033 §4.1
  if ((row.flags & kLmtpOnly) != 0 && !lmtp) return Rule::hello_not_lmtp;
  if ((row.flags & kUtf8) == 0 && std::ranges::any_of(argument, is_8bit)) return Rule::line_8bit;
  if ((row.flags & kNoArgument) != 0 && !argument.empty()) return Rule::argument_unwanted;    // RFC 5321 §4.1.1.4 …
  if ((row.flags & kInClear) == 0 && o.tls_required && !session.tls) return Rule::tls_first;  // RFC 3207 §4
  if ((row.flags & kNeedsHello) != 0 && !session.hello) return Rule::hello_first;             // RFC 5321 §4.1.4
  if ((row.flags & kNeedsAuth) != 0 && o.auth_required && !session.authenticated) return Rule::auth_first;
  return std::nullopt;
}

}  // namespace

const CommandRow* find_command(std::string_view verb) {
  for (const CommandRow& row : kCommands)
    if (iequals(row.verb, verb)) return &row;
  return nullptr;
}

Checked check_command(const CommandRow& row, const Session& session, std::string_view argument) {
  if (const auto rule = forbidden(row, session, argument)) return std::unexpected(*rule);
  return row.check(session, argument);
}

bool alien_verb(std::string_view verb) {
  for (const std::string_view alien : kAliens)
    if (iequals(alien, verb)) return true;
  return false;
}

}  // namespace chappe::proto::smtp
