#include "base/text.h"
#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 enable
Result<Args> parse_enable(Cursor& c, bool) {
  Enable out;
  do {
    TRY(c.space());
    if (out.capabilities.size() == c.limits().list_items)
      return fail(Errc::too_large, "more than {} capabilities", c.limits().list_items);
    out.capabilities.push_back(to_upper(TRY(c.atom())));
  } while (!c.done());
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
