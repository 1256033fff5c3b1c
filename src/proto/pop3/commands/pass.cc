// PASS: RFC 1939 §7: the argument is everything behind the one space, blanks included.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_pass(const Session& session, std::string_view argument) {
  if (session.user.empty()) return std::unexpected("Say USER first");
  return Login{session.user, std::string(argument)};
}

}  // namespace chappe::proto::pop3
