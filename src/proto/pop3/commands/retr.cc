// RETR: RFC 1939 §5.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_retr(const Session& session, std::string_view argument) {
  const auto number = letter_number(session, argument);
  if (!number) return std::unexpected(number.error());
  return Retrieve{.number = *number};
}

}  // namespace chappe::proto::pop3
