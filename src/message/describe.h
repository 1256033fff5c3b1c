// A letter told to people, and to programs: what `chappe message FILE [--json]` prints. Pure; linear; nothing blocks,
// but every body is decoded, so it belongs off the shards.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "message/findings.h"

namespace chappe::message {

struct DescribeOptions {
  bool json = false;
  Lang lang = Lang::en;
  std::size_t text_limit = 2000;          // octets of each text part that the text form shows
  std::size_t json_text_limit = 100'000;  // octets of each text part that the JSON form holds
};

// Fields with decoded values, addresses, the tree with octet ranges, types and charsets, decoded texts, and findings.
// The text form is UTF-8 fit for a terminal: what is not printable is escaped. The JSON form is one object.
std::string describe(ByteView bytes, const DescribeOptions& options);

// Text from outside made fit for a terminal: control characters, line separators and directional marks become \xNN or
// \u{NNNN}; LF and well-formed UTF-8 otherwise stay.
std::string terminal_safe(ByteView text);

}  // namespace chappe::message
