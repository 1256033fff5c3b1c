// APOP: RFC 1939 §7. It needs passwords in clear on the server, and MD5; it is known and refused.
#include "proto/pop3/commands/commands.h"

namespace chappe::proto::pop3 {

Checked check_apop(const Session&, std::string_view) {
  return std::unexpected("APOP is not supported; use AUTH, or USER and PASS inside TLS");
}

}  // namespace chappe::proto::pop3
