#include "proto/imap/command_table.h"

#include "base/text.h"
#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {
namespace {

constexpr std::uint8_t states(std::initializer_list<State> list) {
  unsigned out = 0;
  for (const State s : list) out |= static_cast<unsigned>(s);
  return static_cast<std::uint8_t>(out);
}

// RFC 9051 §9 command-any, command-nonauth, command-auth, command-select
constexpr std::uint8_t kAny = states({State::not_authenticated, State::authenticated, State::selected});
constexpr std::uint8_t kNonauth = states({State::not_authenticated});
constexpr std::uint8_t kAuth = states({State::authenticated, State::selected});
constexpr std::uint8_t kSelect = states({State::selected});

constexpr CommandRow kTable[] = {
    {"APPEND", kAuth, false, parse_append, nullptr},
    {"AUTHENTICATE", kNonauth, false, parse_authenticate, check_authenticate},
    {"CAPABILITY", kAny, false, parse_bare<Capability>, nullptr},
    {"CHECK", kSelect, false, parse_bare<Check>, nullptr},
    {"CLOSE", kSelect, false, parse_bare<Close>, nullptr},
    {"COPY", kSelect, true, parse_set_and_mailbox<Copy>, nullptr},
    {"CREATE", kAuth, false, parse_create, nullptr},
    {"DELETE", kAuth, false, parse_mailbox<Delete>, nullptr},
    {"ENABLE", kAuth, false, parse_enable, nullptr},
    {"EXAMINE", kAuth, false, parse_examine, nullptr},
    {"EXPUNGE", kSelect, true, parse_expunge, nullptr},
    {"FETCH", kSelect, true, parse_fetch, nullptr},
    {"GETQUOTA", kAuth, false, parse_get_quota, nullptr},
    {"GETQUOTAROOT", kAuth, false, parse_mailbox<GetQuotaRoot>, nullptr},
    {"ID", kAny, false, parse_id, nullptr},
    {"IDLE", kAuth, false, parse_bare<Idle>, nullptr},
    {"LIST", kAuth, false, parse_list, nullptr},
    {"LOGIN", kNonauth, false, parse_login, check_login},
    {"LOGOUT", kAny, false, parse_bare<Logout>, nullptr},
    {"LSUB", kAuth, false, parse_lsub, nullptr},
    {"MOVE", kSelect, true, parse_set_and_mailbox<Move>, nullptr},
    {"NAMESPACE", kAuth, false, parse_bare<Namespace>, nullptr},
    {"NOOP", kAny, false, parse_bare<Noop>, nullptr},
    {"RENAME", kAuth, false, parse_rename, nullptr},
    {"SEARCH", kSelect, true, parse_search, nullptr},
    {"SELECT", kAuth, false, parse_select, nullptr},
    {"STARTTLS", kNonauth, false, parse_bare<Starttls>, check_starttls},
    {"STATUS", kAuth, false, parse_status, nullptr},
    {"STORE", kSelect, true, parse_store, nullptr},
    {"SUBSCRIBE", kAuth, false, parse_mailbox<Subscribe>, nullptr},
    {"UNSELECT", kSelect, false, parse_bare<Unselect>, nullptr},
    {"UNSUBSCRIBE", kAuth, false, parse_mailbox<Unsubscribe>, nullptr},
};

// RFC 9051 §9 tag: ASTRING-CHARs except "+"
Result<Bytes> tag(Cursor& c) {
  const Bytes out = c.peek() == '"' || c.peek() == '{' ? Bytes() : TRY(c.astring());
  if (out.empty() || out.contains('+')) return fail(Errc::invalid, "a command begins with a tag");
  if (out.size() > c.limits().tag) return fail(Errc::too_large, "a tag longer than {} octets", c.limits().tag);
  return out;
}

}  // namespace

std::span<const CommandRow> command_table() { return kTable; }

const CommandRow* find_command(ByteView name) {
  for (const CommandRow& row : kTable)
    if (iequals(row.name, name)) return &row;
  return nullptr;
}

Result<> check_state(const CommandRow& row, State state) {
  if (row.states & static_cast<std::uint8_t>(state)) return {};
  switch (state) {
    case State::not_authenticated:
      return fail(Errc::invalid, "{} needs a login first", row.name);
    case State::authenticated:
      if (row.states == kSelect) return fail(Errc::invalid, "{} needs a selected mailbox", row.name);
      return fail(Errc::invalid, "{} comes before login", row.name);
    case State::selected:
      return fail(Errc::invalid, "{} comes before login", row.name);
    case State::logout:
      break;
  }
  return fail(Errc::invalid, "{} after LOGOUT", row.name);
}

Result<> parse_head(Cursor& c, CommandHead& head) {
  head.tag = TRY(tag(c));
  TRY(c.space());
  ByteView name = TRY(c.atom());
  if (iequals(name, "UID")) {
    head.uid = true;
    TRY(c.space());
    name = TRY(c.atom());
  }
  const CommandRow* row = find_command(name);
  if (!row || (head.uid && !row->uid))
    return fail(Errc::invalid, "no such command: {}{}", head.uid ? "UID " : "", printable(name.substr(0, 40)));
  head.row = row;
  return {};
}

Result<Command> parse_command(Cursor& c, const Facts& facts, CommandHead& head) {
  TRY(parse_head(c, head));
  const CommandRow& row = *head.row;
  TRY(check_state(row, facts.state));
  Args args = TRY(row.parse(c, head.uid));
  TRY(c.end());
  if (std::holds_alternative<Append>(args)) return fail(Errc::invalid, "APPEND without a letter");
  if (row.check) TRY(row.check(args, facts));
  return Command{std::move(head.tag), row.name, head.uid, std::move(args)};
}

}  // namespace chappe::proto::imap
