// VRFY: RFC 5321 §4.1.1.6, §3.5.3; its SMTPUTF8 parameter RFC 6531 §3.7.4.2.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_vrfy(const Session&, std::string_view argument) {
  if (argument.empty()) return std::unexpected(Rule::argument_missing);
  return Vrfy{std::string(argument)};
}

}  // namespace chappe::proto::smtp
