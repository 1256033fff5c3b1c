// USER: RFC 1939 §7.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_user(const Session& session, std::string_view argument) {
  if (!session.options.user_pass) return std::unexpected("USER is not offered; use AUTH");
  // RFC 2595 §2.1: a password must not be asked for in clear.
  if (!session.login_allowed()) return std::unexpected("Say STLS first");
  if (argument.empty()) return std::unexpected("Give a name");
  return User{std::string(argument)};
}

}  // namespace chappe::proto::pop3
