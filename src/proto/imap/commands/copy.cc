#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 copy
Result<Args> parse_copy(Cursor& c, bool) {
  Copy out;
  TRY(c.space());
  out.set = TRY(c.sequence_set());
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
