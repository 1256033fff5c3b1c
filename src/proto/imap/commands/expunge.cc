#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9: "EXPUNGE" alone, uid-expunge with a set
Result<Args> parse_expunge(Cursor& c, bool uid) {
  Expunge out;
  if (uid) {
    TRY(c.space());
    out.uids = TRY(c.sequence_set());
  }
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
