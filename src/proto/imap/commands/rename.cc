#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 rename
Result<Args> parse_rename(Cursor& c, bool) {
  Rename out;
  TRY(c.space());
  out.from = TRY(c.mailbox());
  TRY(c.space());
  out.to = TRY(c.mailbox());
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
