// The commands of SMTP and LMTP: one table, one file each. `check` says what a command line means in this session, or
// which rule it breaks; it is pure. What is then done is the server machine's and its driver's.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/smtp/events.h"
#include "proto/smtp/rules.h"
#include "proto/smtp/session.h"

namespace chappe::proto::smtp {

// BDAT: the chunk must be read past even if it is refused (RFC 3030 §2).
struct BdatChunk {
  std::uint64_t size = 0;
  bool last = false;
  std::optional<Rule> refusal;
};
struct Quit {};

using Command =
    std::variant<Hello, StartTls, AuthBegin, Mail, Rcpt, DataBegin, BdatChunk, Vrfy, Reset, Quit, Help, Noop>;
using Checked = std::expected<Command, Rule>;

// What holds for a command before its `check` is asked.
enum CommandFlag : unsigned {
  kNeedsHello = 1U << 0,  // not before EHLO
  kInClear = 1U << 1,     // allowed before TLS where TLS is required (RFC 3207 §4)
  kNeedsAuth = 1U << 2,   // where AUTH is required
  kWaits = 1U << 3,       // the client must wait for the reply (RFC 2920 §3.1)
  kIdle = 1U << 4,        // brings no letter nearer; counted
  kNoArgument = 1U << 5,
  kUtf8 = 1U << 6,  // may have octets beyond ASCII (RFC 6531 §3.3)
  kSmtpOnly = 1U << 7,
  kLmtpOnly = 1U << 8,
  kClosesOnSyntax = 1U << 9,  // after a syntax error nobody knows where the next command begins
};

struct CommandRow {
  std::string_view verb;
  unsigned flags;
  // `argument` is what follows the verb, blanks around it taken off; without control characters.
  Checked (*check)(const Session& session, std::string_view argument);
};

// The row of a verb in any case; null for what is no command.
const CommandRow* find_command(std::string_view verb);
// HTTP and other languages' first words: somebody makes a browser or another server speak to us.
bool alien_verb(std::string_view verb);

// What holds for every command of a row, then the check of its own.
Checked check_command(const CommandRow& row, const Session& session, std::string_view argument);

// RFC 5321 §4.1.1.1: what is said to EHLO, LHLO (`extended`) and HELO, a line for each extension.
std::string hello_reply(const Session& session, bool extended);

Checked check_helo(const Session& session, std::string_view argument);
Checked check_ehlo(const Session& session, std::string_view argument);  // LHLO too
Checked check_starttls(const Session& session, std::string_view argument);
Checked check_auth(const Session& session, std::string_view argument);
Checked check_mail(const Session& session, std::string_view argument);
Checked check_rcpt(const Session& session, std::string_view argument);
Checked check_data(const Session& session, std::string_view argument);
Checked check_bdat(const Session& session, std::string_view argument);
Checked check_rset(const Session& session, std::string_view argument);
Checked check_vrfy(const Session& session, std::string_view argument);
Checked check_noop(const Session& session, std::string_view argument);
Checked check_help(const Session& session, std::string_view argument);
Checked check_quit(const Session& session, std::string_view argument);
Checked check_unsupported(const Session& session, std::string_view argument);

}  // namespace chappe::proto::smtp
