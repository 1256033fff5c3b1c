#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 create with create-param of RFC 6154 §6: CREATE mailbox (USE (\Sent))
Result<Args> parse_create(Cursor& c, bool) {
  Create out;
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  if (!c.take(' ')) return Args(std::move(out));
  TRY(each_in_list(c, false, [&]() -> Result<> {
    if (!c.take_word("USE")) return c.unexpected("USE");
    TRY(c.space());
    return each_in_list(c, true, [&]() -> Result<> {
      TRY(c.expect('\\'));
      const ByteView use = TRY(c.atom());
      if (use.size() > c.limits().flag) return fail(Errc::too_large, "a use longer than {} octets", c.limits().flag);
      out.special_use.push_back("\\" + Bytes(use));
      return {};
    });
  }));
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
