#include "proto/imap/mailbox_name.h"

#include <algorithm>

#include "base/text.h"
#include "codec/utf7.h"
#include "codec/utf8.h"

namespace chappe::proto::imap {

Result<Bytes> decode_mailbox(ByteView wire, bool utf8) {
  if (utf8 || std::ranges::any_of(wire, is_8bit)) {
    // RFC 9051 §5.1: Net-Unicode; control characters have no place in a name.
    if (!codec::utf8_valid(wire) || std::ranges::any_of(wire, is_ctl))
      return fail(Errc::invalid, "the mailbox name is not UTF-8");
    return Bytes(wire);
  }
  auto name = codec::utf7_decode(wire);
  if (!name) return fail(Errc::invalid, "the mailbox name is not modified UTF-7");
  return std::move(*name);
}

Bytes encode_mailbox(ByteView name, bool utf8) {
  if (utf8) return Bytes(name);
  return codec::utf7_encode(name).value_or(Bytes(name));
}

}  // namespace chappe::proto::imap
