// The table of IMAP commands: name, states, parser, and what is checked before the command may proceed.
//
// All pure: no socket, clock or store. To add a command: its struct in command.h, a file in commands/, a line in
// commands/parsers.h, a row in command_table.cc.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "proto/imap/command.h"
#include "proto/imap/cursor.h"

namespace chappe::proto::imap {

enum class State : std::uint8_t { not_authenticated = 1, authenticated = 2, selected = 4, logout = 8 };  // RFC 9051 §3

// What a check may know of the session. The owner of the Receiver keeps it true.
struct Facts {
  State state = State::not_authenticated;
  bool tls = false;           // the connection is encrypted
  bool can_starttls = false;  // a certificate is there for STARTTLS
  bool plain_login = false;   // passwords may be sent: TLS is on, or the operator allows it without
  bool utf8 = false;          // the client enabled UTF8=ACCEPT or IMAP4rev2
  bool rev2 = false;          // the client enabled IMAP4rev2
};

struct CommandRow {
  ByteView name;
  std::uint8_t states;  // sum of State
  bool uid;             // may be given as UID name
  Result<Args> (*parse)(Cursor& cursor, bool uid);
  // What the state does not decide; null: nothing more.
  Result<> (*check)(const Args& args, const Facts& facts);
};

std::span<const CommandRow> command_table();

// Null for a name that is not there; case does not matter.
const CommandRow* find_command(ByteView name);

// Whether the command may be given in this state: Errc::invalid, which the client reads as BAD (RFC 9051 §7.1.3).
Result<> check_state(const CommandRow& row, State state);

// A tag, SP, and a command's name: what is known of a command before its arguments.
struct CommandHead {
  Bytes tag;  // empty when the line does not begin with one
  const CommandRow* row = nullptr;
  bool uid = false;
};

// Reads the head and leaves the cursor behind the name. On failure `head` has what was read.
Result<> parse_head(Cursor& cursor, CommandHead& head);

// Head, state, arguments, end, checks: everything of a whole command but APPEND, whose letter only a Receiver can take.
Result<Command> parse_command(Cursor& cursor, const Facts& facts, CommandHead& head);

}  // namespace chappe::proto::imap
