// STLS: RFC 2595 §4.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_stls(const Session& session, std::string_view argument) {
  if (!argument.empty()) return std::unexpected(kNoArgument);
  if (session.tls) return std::unexpected("TLS is active already");
  if (!session.options.tls_available) return std::unexpected("TLS is not offered");
  return StartTls{};
}

}  // namespace chappe::proto::pop3
