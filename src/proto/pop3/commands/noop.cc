// NOOP: RFC 1939 §5.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_noop(const Session&, std::string_view argument) {
  if (!argument.empty()) return std::unexpected(kNoArgument);
  return Noop{};
}

}  // namespace chappe::proto::pop3
