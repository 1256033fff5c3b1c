// Which octets of a letter BODY[...] and BINARY[...] mean (RFC 9051 §6.4.5.1): of the letter itself, or of its outline,
// where only fields that it has are found. Pure; nothing blocks.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "message/content.h"
#include "message/letter.h"
#include "proto/imap/fetch_item.h"

namespace chappe::proto::imap {

// A stretch of the letter, so that a large one need not be copied, or octets put together for the answer.
struct Place {
  std::size_t offset = 0;
  std::size_t size = 0;
};
using SectionOctets = std::variant<Place, Bytes>;

// Nothing when the letter has no such part: the answer is NIL.
std::optional<SectionOctets> find_octets(const message::Letter& letter, const Section& section);

// The body of a part, and the transfer encoding to undo (RFC 3516 §4.2). Nothing when there is no such part;
// unsupported for an encoding that nobody knows: UNKNOWN-CTE.
struct EncodedPlace {
  Place place;
  message::Encoding encoding = message::Encoding::binary;
};
Result<std::optional<EncodedPlace>> find_encoded(const message::Letter& letter, const Section& section);

// [offset, offset + size) of `whole` octets as the client asked for it, clipped (RFC 9051 §6.4.5: behind the end is
// nothing, not an error).
Place clip(std::size_t whole, const std::optional<Partial>& partial);

}  // namespace chappe::proto::imap
