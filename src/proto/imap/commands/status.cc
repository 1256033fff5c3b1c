#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "proto/imap/commands/parsers.h"
#include "proto/imap/write.h"

namespace chappe::proto::imap {
namespace {

constexpr std::array<std::pair<ByteView, StatusItem>, 10> kItems = {{
    {"MESSAGES", StatusItem::messages},
    {"UIDNEXT", StatusItem::uidnext},
    {"UIDVALIDITY", StatusItem::uidvalidity},
    {"UNSEEN", StatusItem::unseen},
    {"DELETED", StatusItem::deleted},
    {"SIZE", StatusItem::size},
    {"RECENT", StatusItem::recent},
    {"HIGHESTMODSEQ", StatusItem::highestmodseq},
    {"MAILBOXID", StatusItem::mailboxid},
    {"APPENDLIMIT", StatusItem::appendlimit},
}};

}  // namespace

ByteView status_item_name(StatusItem item) {
  for (const auto& [name, value] : kItems)
    if (value == item) return name;
  return {};
}

Result<std::vector<StatusItem>> parse_status_items(Cursor& c) {
  std::vector<StatusItem> out;
  TRY(each_in_list(c, false, [&]() -> Result<> {
    for (const auto& [name, value] : kItems) {
      if (!c.take_word(name)) continue;
      // Asked twice is answered once, so that the answer cannot grow with the question.
      if (std::ranges::find(out, value) == out.end()) out.push_back(value);
      return {};
    }
    return c.unexpected("a STATUS item");
  }));
  return out;
}

// RFC 9051 §9 status
Result<Args> parse_status(Cursor& c, bool) {
  Status out;
  TRY(c.space());
  out.mailbox = TRY(c.mailbox());
  TRY(c.space());
  out.items = TRY(parse_status_items(c));
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
