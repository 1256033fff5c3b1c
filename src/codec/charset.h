// Character sets to UTF-8. Letters name hundreds of them, often wrongly: the names are read as browsers read them
// ("us-ascii" and "latin1" with 8-bit octets are windows-1252, "gb2312" is GB 18030, "ks_c_5601-1987" is windows-949),
// the conversion never fails, and a name nobody knows is an answer. Thread-safe; nothing blocks, but the first use of
// a table set on a thread reads it from the library's data.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace chappe::codec {

struct Converted {
  std::string text;        // always well-formed UTF-8
  bool known = true;       // false: nobody knows the name; text holds the UTF-8 or ASCII there was
  std::size_t errors = 0;  // places where U+FFFD stands for octets the charset does not have
};

// `bytes`, said to be in `charset` (any case, blanks and quotes around it are dropped). An empty name means that none
// was given: well-formed UTF-8 is taken as such, all else as windows-1252.
Converted to_utf8(ByteView bytes, ByteView charset);

// Whether to_utf8 knows the name.
bool charset_known(ByteView charset);

// The name with which a letter's own spelling is looked up: lower case, trimmed, old aliases replaced. A longer name
// than kMaxCharsetName is cut: nobody knows it anyway.
std::string charset_canonical(ByteView charset);
inline constexpr std::size_t kMaxCharsetName = 64;

}  // namespace chappe::codec
