// RSET: RFC 5321 §4.1.1.5. Allowed at any time, also before EHLO.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_rset(const Session&, std::string_view) { return Reset{}; }

}  // namespace chappe::proto::smtp
