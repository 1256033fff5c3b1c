#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 move
Result<Args> parse_move(Cursor& c, bool) {
  Move out;
  TRY(c.space());
  out.set = TRY(c.sequence_set());
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
