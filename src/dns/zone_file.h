// Zones as text: the master files of RFC 1035 §5, with $ORIGIN, $TTL (RFC 2308 §4), $INCLUDE, parentheses, quotes and
// comments; times as "1h30m", TTL and class in either order, long strings cut for TXT, RFC 3597 §5 for unknown types.
// Only class IN. Errors say "FILE:LINE: what is wrong, what to do".
//
// $INCLUDE reaches only regular files in the folder of the file that was named first, or below it, and follows no
// symbolic link. Pure functions, except that read_zone_file blocks on the disk.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/record.h"

namespace chappe::dns {

struct ZoneFileOptions {
  Name origin;                                // until the first $ORIGIN
  std::optional<std::uint32_t> default_ttl;   // for records before the first TTL; without it they are an error
  bool directives = false;                    // let words that begin with "$" and are not ours through, as Directives
  std::size_t max_octets = 64 * 1024 * 1024;  // of all files together
  int max_depth = 8;                          // of $INCLUDE
};

// A line that begins with "$", for those who asked for them (zone_resolver.h).
struct Directive {
  std::string where;  // "FILE:LINE"
  std::string name;   // "$TIMEOUT"
  std::vector<std::string> words;
  Name origin;
};

struct ZoneText {
  std::vector<Record> records;  // in the order of the text
  std::vector<Directive> directives;
};

// `file` is what errors call it. $INCLUDE is refused: a text lies in no folder.
Result<ZoneText> parse_zone_text(std::string_view text, const ZoneFileOptions& options = {},
                                 std::string_view file = "zone text");
Result<ZoneText> read_zone_file(const std::string& path, const ZoneFileOptions& options = {});

// The text that parse_zone_text() reads back as the same records: sorted, the apex first, names relative to `origin`,
// columns aligned.
std::string write_zone(const std::vector<Record>& records, const Name& origin);

}  // namespace chappe::dns
