#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 store; store-modifiers of RFC 7162 §7: STORE set (UNCHANGEDSINCE 12) +FLAGS (\Seen)
Result<Args> parse_store(Cursor& c, bool) {
  Store out;
  TRY(c.space());
  out.set = TRY(c.sequence_set());
  TRY(c.space());
  if (c.peek() == '(') {
    TRY(each_in_list(c, false, [&]() -> Result<> {
      if (!c.take_word("UNCHANGEDSINCE")) return c.unexpected("UNCHANGEDSINCE");
      TRY(c.space());
      out.unchanged_since = TRY(c.mod_sequence(true));
      return {};
    }));
    TRY(c.space());
  }
  if (c.take('+'))
    out.how = Store::How::add;
  else if (c.take('-'))
    out.how = Store::How::remove;
  if (c.take_word("FLAGS.SILENT"))
    out.silent = true;
  else if (!c.take_word("FLAGS"))
    return c.unexpected("FLAGS or FLAGS.SILENT");
  TRY(c.space());
  if (c.peek() == '(') {
    out.flags = TRY(c.flag_list());
    return Args(std::move(out));
  }
  do {
    if (out.flags.size() == c.limits().list_items)
      return fail(Errc::too_large, "more than {} flags", c.limits().list_items);
    out.flags.push_back(TRY(c.flag()));
  } while (c.take(' '));
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
