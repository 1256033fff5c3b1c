// One way to put any bytes between double quotes: as a JSON string (RFC 8259 §7). The structured log and the JSON
// writer both stand on it. Pure functions; nothing blocks.
#pragma once

#include <string>
#include <string_view>

namespace chappe {

// Appends `s` to `out` as a JSON string, quotes included. Whatever is not UTF-8 becomes U+FFFD, so that what comes out
// is always valid; control characters (C0, DEL and C1) are escaped, so that a terminal cannot be commanded by it.
void append_quoted(std::string& out, std::string_view s);

}  // namespace chappe
