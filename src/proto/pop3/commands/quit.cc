// QUIT: RFC 1939 §4 and §6.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_quit(const Session&, std::string_view argument) {
  if (!argument.empty()) return std::unexpected(kNoArgument);
  return Quit{};
}

}  // namespace chappe::proto::pop3
