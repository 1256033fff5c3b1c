// The text of an HTML body, as people read it: without tags, comments, scripts and styles, with its character
// references decoded, blanks run together and lines where blocks end. Search looks into this, not into the markup.
//
// No tree is built: one pass, linear, memory for the text alone. It never fails; what browsers drop (a tag, a comment
// or a script that nobody ends) is dropped here too (WHATWG HTML §13.2.5). Pure; takes long for a large body, so not on
// a shard.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"

namespace chappe::message {

// `html`: well-formed UTF-8. The text ends once it has `limit` octets.
std::string html_text(ByteView html, std::size_t limit = static_cast<std::size_t>(-1));

}  // namespace chappe::message
