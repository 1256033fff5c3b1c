// DATA: RFC 5321 §4.1.1.4.
#include "proto/smtp/commands/commands.h"

namespace chappe::proto::smtp {

Checked check_data(const Session& session, std::string_view) {
  if (!session.in_mail) return std::unexpected(Rule::mail_first);
  if (session.chunked || session.chunk_failed) return std::unexpected(Rule::data_after_chunk);  // RFC 3030 §2
  if (session.body == Body::binary) return std::unexpected(Rule::data_binary);                  // RFC 3030 §3
  // RFC 5321 §3.3: 503 or 554 where no recipient was accepted; RFC 2033 §4.2: 503.
  if (session.recipients == 0) {
    const bool none = session.offered == 0 || session.options.role == Role::lmtp;
    return std::unexpected(none ? Rule::rcpt_first : Rule::rcpt_refused_first);
  }
  return DataBegin{.chunked = false};
}

}  // namespace chappe::proto::smtp
