// The announcement of a literal at the end of a line: {310}, {310+}, ~{310} (RFC 9051 §4.3, RFC 7888 §3). Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace chappe::proto::imap {

struct LiteralMark {
  std::uint64_t size = 0;     // what does not fit 64 bits is the largest number
  std::size_t start = 0;      // where the mark begins in the line
  bool synchronizing = true;  // the client waits for "+"
  bool literal8 = false;      // may hold NUL
};

// The mark that ends `line` (without its CRLF), if any. Outside literals the grammar has no other use for a last "}"
// behind digits and "{", so this needs no parsing: an open quote before it is a broken command either way.
std::optional<LiteralMark> announced_literal(ByteView line);

}  // namespace chappe::proto::imap
