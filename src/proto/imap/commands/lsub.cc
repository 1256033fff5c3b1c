#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 3501 §9 lsub
Result<Args> parse_lsub(Cursor& c, bool) {
  Lsub out;
  TRY(c.space());
  out.reference = TRY(c.mailbox());
  TRY(c.space());
  out.pattern = TRY(c.list_mailbox());
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
