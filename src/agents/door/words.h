// Octets as the words of a reply (docs/decisions/0010-split-sites.md): a word that says what they are, then base64, on
// lines that a reply may have. Pure functions, linear.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::agents {

// Each line of base64 begins with `before_each`.
std::string folded_base64(ByteView octets, std::string_view before_each);
// The inverse. Errc::invalid: it is none.
Result<Bytes> unfolded_base64(std::string_view text);

std::string as_words(std::string_view what, ByteView octets);
// Errc::invalid: they are not such words.
Result<Bytes> read_words(std::string_view what, std::string_view words);

}  // namespace chappe::agents
