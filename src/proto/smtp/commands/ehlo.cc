// EHLO, HELO and LHLO: RFC 5321 §4.1.1.1, RFC 2033 §4.1.
#include <algorithm>

#include "base/text.h"
#include "proto/smtp/commands/commands.h"
#include "proto/smtp/path.h"

namespace chappe::proto::smtp {
namespace {

Checked check(std::string_view argument, bool extended) {
  // RFC 5321 §4.1.4: what the client calls itself does not decide whether it is served. Only what could not be put in
  // a Received field is refused here.
  const bool fit = !argument.empty() && argument.size() <= kMaxDomain &&
                   std::ranges::all_of(argument, [](char c) { return !is_ctl(c) && !is_8bit(c) && c != ' '; });
  if (!fit) return std::unexpected(argument.empty() ? Rule::argument_missing : Rule::hello_syntax);
  return Hello{std::string(argument), extended, valid_domain(argument) || valid_address_literal(argument)};
}

}  // namespace

// The keywords are those of the RFCs named beside them.
std::string hello_reply(const Session& session, bool extended) {
  const ServerOptions& o = session.options;
  std::string text = o.hostname;
  if (!extended) return text;
  if (o.pipelining) text += "\nPIPELINING";              // RFC 2920
  text += "\nSIZE " + std::to_string(o.limits.letter);   // RFC 1870
  if (session.starttls_offered()) text += "\nSTARTTLS";  // RFC 3207: not inside TLS
  if (session.auth_offered() && !session.authenticated) {
    text += "\nAUTH";  // RFC 4954
    for (const std::string& m : o.auth_mechanisms) text += " " + m;
  }
  text += "\nENHANCEDSTATUSCODES\n8BITMIME";  // RFC 2034, RFC 6152
  if (o.dsn) text += "\nDSN";                 // RFC 3461
  if (o.smtputf8) text += "\nSMTPUTF8";       // RFC 6531
  if (o.chunking) text += "\nCHUNKING";       // RFC 3030
  if (o.chunking && o.binarymime) text += "\nBINARYMIME";
  if (o.folders) text += "\nXFOLDER";
  return text;
}

Checked check_ehlo(const Session&, std::string_view argument) { return check(argument, true); }
Checked check_helo(const Session&, std::string_view argument) { return check(argument, false); }

}  // namespace chappe::proto::smtp
