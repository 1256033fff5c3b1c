// UTF8: RFC 6856 §2.1: in the AUTHORIZATION state only.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_utf8(const Session& session, std::string_view argument) {
  if (!session.options.utf8) return std::unexpected("UTF8 is not offered");
  if (!argument.empty()) return std::unexpected(kNoArgument);
  return Utf8{};
}

}  // namespace chappe::proto::pop3
