// CAPA: RFC 2449 §5.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_capa(const Session&, std::string_view argument) {
  if (!argument.empty()) return std::unexpected(kNoArgument);
  return Capa{};
}

}  // namespace chappe::proto::pop3
