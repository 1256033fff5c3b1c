// LIST: RFC 1939 §5.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_list(const Session& session, std::string_view argument) {
  if (argument.empty()) return List{};
  const auto number = letter_number(session, argument);
  if (!number) return std::unexpected(number.error());
  return List{.uids = false, .number = *number};
}

}  // namespace chappe::proto::pop3
