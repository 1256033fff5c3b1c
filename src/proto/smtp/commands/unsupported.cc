// Commands that are known and not implemented: RFC 5321 §4.2.4, "502".
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_unsupported(const Session&, std::string_view) { return std::unexpected(Rule::command_unsupported); }

}  // namespace chappe::proto::smtp
