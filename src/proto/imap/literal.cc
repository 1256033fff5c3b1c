#include "proto/imap/literal.h"

#include "base/text.h"

namespace chappe::proto::imap {

std::optional<LiteralMark> announced_literal(ByteView line) {
  if (!line.ends_with('}')) return std::nullopt;
  LiteralMark out;
  std::size_t end = line.size() - 1;
  if (end > 0 && line[end - 1] == '+') {
    out.synchronizing = false;
    --end;
  }
  std::size_t at = end;
  while (at > 0 && is_digit(line[at - 1])) --at;
  if (at == end || at == 0 || line[at - 1] != '{') return std::nullopt;
  out.size = to_number<std::uint64_t>(line.substr(at, end - at)).value_or(UINT64_MAX);
  out.start = at - 1;
  if (out.start > 0 && line[out.start - 1] == '~') {
    out.literal8 = true;
    --out.start;
  }
  return out;
}

}  // namespace chappe::proto::imap
