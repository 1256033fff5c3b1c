// The parsers of command_table.cc, one to a file beside this. Each is called behind the command's name and reads its
// arguments with the space before them; the table's owner checks that nothing follows. For all: Errc::invalid or
// Errc::too_large with a sentence; pure.
#pragma once

#include "base/result.h"
#include "proto/imap/command.h"
#include "proto/imap/command_table.h"
#include "proto/imap/cursor.h"

namespace chappe::proto::imap {

// A command without arguments.
template <class T>
Result<Args> parse_bare(Cursor&, bool) {
  return Args(T{});
}

// A command whose argument is one mailbox.
template <class T>
Result<Args> parse_mailbox(Cursor& c, bool) {
  TRY(c.space());
  return Args(T{TRY(c.mailbox())});
}

// RFC 9051 §9 copy, move
template <class T>
Result<Args> parse_set_and_mailbox(Cursor& c, bool) {
  T out;
  TRY(c.space());
  out.set = TRY(c.sequence_set());
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  return Args(std::move(out));
}

Result<Args> parse_append(Cursor& c, bool uid);  // up to the letter's literal, exclusive
Result<Args> parse_authenticate(Cursor& c, bool uid);
Result<Args> parse_create(Cursor& c, bool uid);
Result<Args> parse_enable(Cursor& c, bool uid);
Result<Args> parse_examine(Cursor& c, bool uid);
Result<Args> parse_expunge(Cursor& c, bool uid);
Result<Args> parse_fetch(Cursor& c, bool uid);
Result<Args> parse_get_quota(Cursor& c, bool uid);
Result<Args> parse_id(Cursor& c, bool uid);
Result<Args> parse_list(Cursor& c, bool uid);
Result<Args> parse_login(Cursor& c, bool uid);
Result<Args> parse_lsub(Cursor& c, bool uid);
Result<Args> parse_rename(Cursor& c, bool uid);
Result<Args> parse_search(Cursor& c, bool uid);
Result<Args> parse_select(Cursor& c, bool uid);
Result<Args> parse_status(Cursor& c, bool uid);
Result<Args> parse_store(Cursor& c, bool uid);

Result<> check_authenticate(const Args& args, const Facts& facts);
Result<> check_login(const Args& args, const Facts& facts);
Result<> check_starttls(const Args& args, const Facts& facts);

// "(" status-att *(SP status-att) ")", shared by STATUS and LIST RETURN (STATUS (...)).
Result<std::vector<StatusItem>> parse_status_items(Cursor& c);

}  // namespace chappe::proto::imap
