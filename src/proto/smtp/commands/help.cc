// HELP, with any argument: RFC 5321 §4.1.1.8.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_help(const Session&, std::string_view) { return Help{}; }

}  // namespace chappe::proto::smtp
