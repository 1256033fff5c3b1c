#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {
namespace {

// RFC 5258 §6 list-select-opts, RFC 6154 §6
Result<> select_options(Cursor& c, List& out) {
  TRY(each_in_list(c, true, [&]() -> Result<> {
    if (c.take_word("SUBSCRIBED"))
      out.select_subscribed = true;
    else if (c.take_word("REMOTE"))
      out.select_remote = true;
    else if (c.take_word("RECURSIVEMATCH"))
      out.select_recursivematch = true;
    else if (c.take_word("SPECIAL-USE"))
      out.select_special_use = true;
    else
      return c.unexpected("a LIST selection option");
    return {};
  }));
  // RFC 5258 §3.1: RECURSIVEMATCH modifies a base option and means nothing without one.
  if (out.select_recursivematch && !out.select_subscribed && !out.select_special_use)
    return fail(Errc::invalid, "RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE beside it");
  return {};
}

// RFC 5258 §6 list-return-opts, RFC 5819 §4, RFC 6154 §6
Result<> return_options(Cursor& c, List& out) {
  return each_in_list(c, true, [&]() -> Result<> {
    if (c.take_word("SUBSCRIBED")) {
      out.return_subscribed = true;
    } else if (c.take_word("CHILDREN")) {
      out.return_children = true;
    } else if (c.take_word("SPECIAL-USE")) {
      out.return_special_use = true;
    } else if (c.take_word("STATUS")) {
      TRY(c.space());
      out.return_status = TRY(parse_status_items(c));
    } else {
      return c.unexpected("a LIST return option");
    }
    return {};
  });
}

}  // namespace

// RFC 9051 §9 list, with the several patterns of RFC 5258
Result<Args> parse_list(Cursor& c, bool) {
  List out;
  TRY(c.space());
  if (c.peek() == '(') {
    out.extended = true;
    TRY(select_options(c, out));
    TRY(c.space());
  }
  out.reference = TRY(c.mailbox());
  TRY(c.space());
  if (c.peek() == '(') {
    out.extended = true;
    TRY(each_in_list(c, false, [&]() -> Result<> {
      out.patterns.push_back(TRY(c.list_mailbox()));
      return {};
    }));
  } else {
    out.patterns.push_back(TRY(c.list_mailbox()));
  }
  if (c.take(' ')) {
    if (!c.take_word("RETURN")) return c.unexpected("RETURN");
    out.extended = true;
    TRY(c.space());
    TRY(return_options(c, out));
  }
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
