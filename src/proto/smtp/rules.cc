#include "proto/smtp/rules.h"

#include <array>

namespace chappe::proto::smtp {
namespace {

using enum Rule;

constexpr std::array<RuleRow, kRuleCount> kRows = {{
    {noop_ok, "noop.ok", 250, "2.0.0", "OK"},
    {reset_ok, "rset.ok", 250, "2.0.0", "Flushed"},
    // RFC 5321 §3.5.3: 252 is the honest answer of a server that does not tell.
    {vrfy_unsaid, "vrfy.unsaid", 252, "2.0.0", "Cannot verify the address here; send the letter and see"},
    {help, "help", 214, "2.0.0", "HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT (RFC 5321)"},
    {goodbye, "quit.ok", 221, "2.0.0", "Goodbye"},
    {tls_go, "starttls.ok", 220, "2.0.0", "Ready to start TLS"},
    {auth_ok, "auth.ok", 235, "2.7.0", "Authentication succeeded"},
    {mail_ok, "mail.ok", 250, "2.1.0", "Sender noted"},
    {rcpt_ok, "rcpt.ok", 250, "2.1.5", "Recipient accepted"},
    {data_go, "data.go", 354, "", "Send the letter, end it with <CRLF>.<CRLF>"},
    {chunk_ok, "bdat.ok", 250, "2.0.0", "Chunk received"},
    {letter_ok, "letter.ok", 250, "2.0.0", "Letter accepted"},

    // RFC 5321 §2.3.8: only <CRLF> ends a line.
    {line_bare_lf, "line.bare-lf", 500, "5.5.2", "A command line must end in <CRLF>; a bare <LF> does not end it"},
    {line_bare_cr, "line.bare-cr", 500, "5.5.2", "A bare <CR> has no place in a command"},
    {line_nul, "line.nul", 500, "5.5.2", "A NUL has no place in a command"},
    {line_too_long, "line.too-long", 500, "5.5.2", "Command line too long"},
    {line_8bit, "line.8bit", 500, "5.5.2", "Octets beyond ASCII have no place in this command"},
    {line_endless, "line.endless", 421, "4.7.0", "No end of line in sight; closing"},

    {command_unknown, "command.unknown", 500, "5.5.2", "Command not recognised"},
    {command_unsupported, "command.unsupported", 502, "5.5.1", "Command not implemented"},
    {command_alien, "command.alien", 421, "4.7.0", "This is a mail server; closing"},
    {command_too_early, "command.too-early", 421, "4.7.0",
     "Commands were sent before the reply they had to wait for; closing"},
    {argument_missing, "argument.missing", 501, "5.5.4", "An argument is missing"},
    {argument_unwanted, "argument.unwanted", 501, "5.5.4", "This command takes no argument"},
    {hello_syntax, "hello.syntax", 501, "5.5.4", "Give a domain name or an address literal"},
    {hello_first, "hello.first", 503, "5.5.1", "Say EHLO first"},
    {hello_lmtp, "hello.lmtp", 500, "5.5.1", "This is LMTP; say LHLO"},
    {hello_not_lmtp, "hello.not-lmtp", 500, "5.5.1", "This is SMTP, not LMTP; say EHLO"},
    {mail_syntax, "mail.syntax", 501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]"},
    {mail_path, "mail.path", 501, "5.1.7", "The sender's address is not well formed"},
    {mail_nested, "mail.nested", 503, "5.5.1", "A sender was given already; RSET starts anew"},
    {mail_first, "mail.first", 503, "5.5.1", "Say MAIL first"},
    {rcpt_syntax, "rcpt.syntax", 501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]"},
    {rcpt_path, "rcpt.path", 501, "5.1.3", "The recipient's address is not well formed"},
    // RFC 5321 §4.5.3.1.10: 452, so that the sender offers the others in another transaction.
    {rcpt_too_many, "rcpt.too-many", 452, "4.5.3", "Too many recipients in one transaction; send the others again"},
    {rcpt_first, "rcpt.first", 503, "5.5.1", "Say RCPT first"},
    {rcpt_refused_first, "rcpt.none-accepted", 554, "5.5.1", "No recipient was accepted"},
    {parameter_unknown, "parameter.unknown", 555, "5.5.4", "A parameter is not recognised or not implemented"},
    {parameter_syntax, "parameter.syntax", 501, "5.5.4", "A parameter is not well formed, or given twice"},
    {size_too_large, "size.too-large", 552, "5.3.4", "The letter is larger than this server accepts"},
    {body_unknown, "body.unknown", 501, "5.5.4", "BODY must be 7BIT or 8BITMIME"},
    {utf8_address, "utf8.address", 553, "5.6.7", "An address beyond ASCII needs the SMTPUTF8 parameter"},
    {data_after_chunk, "data.after-bdat", 503, "5.5.1", "DATA and BDAT cannot be mixed in one transaction"},
    {data_binary, "data.binary", 503, "5.5.1", "A BINARYMIME letter comes by BDAT only"},
    {chunk_open, "bdat.open", 503, "5.5.1", "A letter is under way; send its last BDAT, or RSET"},
    {chunk_after_failure, "bdat.after-failure", 503, "5.5.1", "An earlier chunk was refused; RSET starts anew"},
    {chunk_syntax, "bdat.syntax", 501, "5.5.4", "Syntax: BDAT size [LAST]"},
    {chunk_too_large, "bdat.too-large", 552, "5.3.4", "The chunk is larger than this server reads"},
    {tls_first, "tls.first", 530, "5.7.0", "Say STARTTLS first"},
    {tls_already, "tls.already", 503, "5.5.1", "TLS is active already"},
    {auth_first, "auth.first", 530, "5.7.0", "Authentication required"},
    {auth_already, "auth.already", 503, "5.5.1", "Authenticated already"},
    {auth_in_mail, "auth.in-mail", 503, "5.5.1", "AUTH is not allowed while a letter is under way"},
    {auth_needs_tls, "auth.needs-tls", 538, "5.7.11", "Encryption is required before AUTH; say STARTTLS first"},
    {auth_mechanism, "auth.mechanism", 504, "5.5.4", "Authentication mechanism not offered"},
    {auth_base64, "auth.base64", 501, "5.5.2", "The response is not base64"},
    {auth_cancelled, "auth.cancelled", 501, "5.7.0", "Authentication cancelled"},
    {auth_line_too_long, "auth.line-too-long", 500, "5.5.6", "Authentication line too long"},

    {letter_bare_lf, "letter.bare-lf", 550, "5.6.0",
     "The letter has a <LF> without <CR>, which ends no line (RFC 5321 2.3.8)"},
    {letter_bare_cr, "letter.bare-cr", 550, "5.6.0",
     "The letter has a <CR> without <LF>, which ends no line (RFC 5321 2.3.8)"},
    {letter_nul_in_header, "letter.nul-in-header", 550, "5.6.0", "The letter's header has a NUL octet"},
    {letter_line_too_long, "letter.line-too-long", 550, "5.6.0",
     "The letter has a line longer than this server accepts"},
    {letter_header_too_large, "letter.header-too-large", 552, "5.3.4",
     "The letter's header is larger than this server accepts"},
    {letter_too_large, "letter.too-large", 552, "5.3.4", "The letter is larger than this server accepts"},

    {too_many_errors, "limit.errors", 421, "4.7.0", "Too many errors; closing"},
    {too_many_idle, "limit.idle-commands", 421, "4.7.0", "Too many commands without a letter; closing"},
    {too_many_refused_rcpts, "limit.refused-recipients", 421, "4.7.0", "Too many unknown recipients; closing"},
    {too_many_auth_failures, "limit.auth-failures", 421, "4.7.0", "Too many failed authentications; closing"},
    {too_much_refused_data, "limit.refused-data", 421, "4.7.0", "Too much data after its refusal; closing"},
    {out_of_step, "limit.out-of-step", 421, "4.7.0", "No telling where the next command begins; closing"},
    {turned_away, "turned-away", 503, "5.5.1", "This server said no; QUIT is all that is left"},
    {timeout, "timeout", 421, "4.4.2", "Waited too long; closing"},
    {shutdown, "shutdown", 421, "4.3.2", "The server is stopping; closing"},
    {short_of_memory, "short-of-memory", 421, "4.3.2", "Too many letters are under way here; closing, try again later"},
    {driver_fault, "internal", 421, "4.3.0", "Internal error; closing"},
}};

constexpr bool sound() {
  for (int i = 0; i < kRuleCount; ++i) {
    const RuleRow& row = kRows[i];
    if (static_cast<int>(row.rule) != i || row.text.empty() || row.text.size() > 400) return false;
    // RFC 2034 §4: the class of the enhanced code is the first digit of the reply code.
    if (row.enhanced.empty() ? row.code / 100 != 3 : row.enhanced[0] - '0' != row.code / 100) return false;
  }
  return true;
}
static_assert(sound(), "kRows must stand in the order of Rule, with codes that agree");

}  // namespace

const RuleRow& rule_row(Rule rule) { return kRows[static_cast<std::size_t>(rule)]; }

}  // namespace chappe::proto::smtp
