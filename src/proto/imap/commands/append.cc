#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {

// RFC 9051 §9 append, RFC 6855 §4 append-data. The Receiver calls this with the command as it stands before the
// announcement of the letter: "a APPEND Sent (\Seen) ".
Result<Args> parse_append(Cursor& c, bool) {
  Append out;
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  TRY(c.space());
  if (c.peek() == '(') {
    out.flags = TRY(c.flag_list());
    TRY(c.space());
  }
  if (c.peek() == '"') {
    out.date = TRY(c.date_time());
    TRY(c.space());
  }
  if (c.take_word("UTF8")) {
    TRY(c.space());
    TRY(c.expect('('));
    out.utf8 = true;
  }
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
