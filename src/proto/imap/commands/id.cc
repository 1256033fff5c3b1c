#include "proto/imap/commands/parsers.h"

namespace chappe::proto::imap {
namespace {
constexpr std::size_t kMaxFields = 30;  // RFC 2971 §3.3
}

// RFC 2971 §4 id-params-list
Result<Args> parse_id(Cursor& c, bool) {
  Id out;
  TRY(c.space());
  if (c.take_word("NIL")) return Args(std::move(out));
  TRY(each_in_list(c, true, [&]() -> Result<> {
    if (out.fields.size() == kMaxFields) return fail(Errc::too_large, "more than {} ID fields", kMaxFields);
    Bytes name = TRY(c.string());
    TRY(c.space());
    auto value = TRY(c.nstring());
    out.fields.emplace_back(std::move(name), std::move(value));
    return {};
  }));
  return Args(std::move(out));
}

}  // namespace chappe::proto::imap
