#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {
namespace {

// A known sequence: numbers only (RFC 7162 §7: "*" MUST NOT appear).
Result<SequenceSet> known_set(Cursor& c) {
  SequenceSet set = TRY(c.sequence_set());
  if (set.is_saved_result() || set.has_star()) return c.unexpected("a set without * and $");
  return set;
}

// RFC 7162 §7: QRESYNC (uidvalidity modseq [known-uids] [(known-sequence-set known-uid-set)])
Result<Select::Qresync> qresync(Cursor& c) {
  Select::Qresync out;
  TRY(c.expect('('));
  out.uidvalidity = TRY(c.nz_number());
  TRY(c.space());
  out.modseq = TRY(c.mod_sequence(false));
  if (c.take(' ')) {
    if (c.peek() != '(') {
      out.known_uids = TRY(known_set(c));
      if (c.take(')')) return out;
      TRY(c.space());
    }
    TRY(c.expect('('));
    out.match_numbers = TRY(known_set(c));
    TRY(c.space());
    out.match_uids = TRY(known_set(c));
    TRY(c.expect(')'));
  }
  TRY(c.expect(')'));
  return out;
}

Result<Args> parse(Cursor& c, bool examine) {
  Select out;
  out.examine = examine;
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  if (!c.take(' ')) return Args(std::move(out));
  TRY(each_in_list(c, false, [&]() -> Result<> {
    if (c.take_word("CONDSTORE")) {
      out.condstore = true;
    } else if (c.take_word("QRESYNC")) {
      TRY(c.space());
      out.qresync = TRY(qresync(c));
    } else {
      return c.unexpected("CONDSTORE or QRESYNC");
    }
    return {};
  }));
  return Args(std::move(out));
}

}  // namespace

// RFC 9051 §9 select and examine, with select-params of RFC 4466 §2.1
Result<Args> parse_select(Cursor& c, bool) { return parse(c, false); }
Result<Args> parse_examine(Cursor& c, bool) { return parse(c, true); }

}  // namespace chappe::proto::imap
