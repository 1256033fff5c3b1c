// NOOP, with any argument: RFC 5321 §4.1.1.9.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_noop(const Session&, std::string_view) { return Noop{}; }

}  // namespace chappe::proto::smtp
