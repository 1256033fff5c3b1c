// QUIT: RFC 5321 §4.1.1.10.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_quit(const Session&, std::string_view) { return Quit{}; }

}  // namespace chappe::proto::smtp
