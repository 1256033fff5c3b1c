// DELE: RFC 1939 §5.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_dele(const Session& session, std::string_view argument) {
  const auto number = letter_number(session, argument);
  if (!number) return std::unexpected(number.error());
  return Dele{*number};
}

}  // namespace chappe::proto::pop3
