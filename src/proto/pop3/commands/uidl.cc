// UIDL: RFC 1939 §7.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_uidl(const Session& session, std::string_view argument) {
  if (argument.empty()) return List{.uids = true};
  const auto number = letter_number(session, argument);
  if (!number) return std::unexpected(number.error());
  return List{.uids = true, .number = *number};
}

}  // namespace chappe::proto::pop3
