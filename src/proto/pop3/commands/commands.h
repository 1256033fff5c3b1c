// The commands of POP3: one table, one file each. `check` says what a command line means in this session, or why it is
// refused; it is pure. RFC 1939 §5 to §7, RFC 2449 §5, RFC 2595 §4, RFC 5034, RFC 6856.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/pop3/events.h"
#include "proto/pop3/session.h"

namespace chappe::proto::pop3 {

// What the machine answers by itself.
struct User {
  std::string name = {};
};
struct Capa {};
struct Stat {};
struct List {  // LIST and UIDL
  bool uids = false;
  std::optional<std::size_t> number = {};  // one letter, from 0
};
struct Dele {
  std::size_t number = 0;
};
struct Rset {};
struct Noop {};
struct Utf8 {};
struct Quit {};

using Command =
    std::variant<StartTls, Login, AuthBegin, Retrieve, User, Capa, Stat, List, Dele, Rset, Noop, Utf8, Quit>;

// A sentence behind "-ERR", a response code (RFC 2449 §8) in front where one fits; lives for ever.
using Checked = std::expected<Command, std::string_view>;

enum CommandFlag : unsigned {
  kBefore = 1U << 0,       // in the AUTHORIZATION state
  kAfter = 1U << 1,        // in the TRANSACTION state
  kRawArgument = 1U << 2,  // blanks and octets beyond ASCII belong to the argument
};

struct CommandRow {
  std::string_view verb;
  unsigned flags;
  Checked (*check)(const Session& session, std::string_view argument);
};

// The row of a verb in any case; null for what is no command.
const CommandRow* find_command(std::string_view verb);

Checked check_apop(const Session& session, std::string_view argument);
Checked check_auth(const Session& session, std::string_view argument);
Checked check_capa(const Session& session, std::string_view argument);
Checked check_dele(const Session& session, std::string_view argument);
Checked check_list(const Session& session, std::string_view argument);
Checked check_noop(const Session& session, std::string_view argument);
Checked check_pass(const Session& session, std::string_view argument);
Checked check_quit(const Session& session, std::string_view argument);
Checked check_retr(const Session& session, std::string_view argument);
Checked check_rset(const Session& session, std::string_view argument);
Checked check_stat(const Session& session, std::string_view argument);
Checked check_stls(const Session& session, std::string_view argument);
Checked check_top(const Session& session, std::string_view argument);
Checked check_uidl(const Session& session, std::string_view argument);
Checked check_user(const Session& session, std::string_view argument);
Checked check_utf8(const Session& session, std::string_view argument);

// A number of a letter that is there: "12".
std::expected<std::size_t, std::string_view> letter_number(const Session& session, std::string_view word);
// For commands without an argument.
inline constexpr std::string_view kNoArgument = "This command takes no argument";

}  // namespace chappe::proto::pop3
