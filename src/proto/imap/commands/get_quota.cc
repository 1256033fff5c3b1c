#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9208 §7 getquota
Result<Args> parse_get_quota(Cursor& c, bool) {
  TRY(c.space());
  return Args(GetQuota{TRY(c.astring())});
}

}  // namespace chappe::proto::imap
