// STARTTLS: RFC 3207 §4.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_starttls(const Session& session, std::string_view) {
  if (session.tls) return std::unexpected(Rule::tls_already);
  if (!session.options.tls_available) return std::unexpected(Rule::command_unsupported);
  return StartTls{};
}

}  // namespace chappe::proto::smtp
