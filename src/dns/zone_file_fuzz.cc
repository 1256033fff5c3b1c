// Zone texts: what is read is written as a text that reads as the same records, and that text is a fixed point.
#include <algorithm>
#include <cstdlib>

#include "dns/zone_file.h"

using namespace chappe;
using namespace chappe::dns;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

auto key(const Record& r) { return std::tuple(Bytes(r.name.wire()), r.type, r.ttl, r.rdata); }

std::vector<Record> sorted(std::vector<Record> records) {
  std::ranges::sort(records, [](const Record& a, const Record& b) { return key(a) < key(b); });
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Name origin = *Name::parse("example.org.");
  ZoneFileOptions options;
  options.origin = origin;
  options.default_ttl = 300;
  options.directives = size % 2;
  const auto zone = parse_zone_text(ByteView(reinterpret_cast<const char*>(data), size), options);
  if (!zone) return 0;
  const std::string text = write_zone(zone->records, origin);
  const auto again = parse_zone_text(text);
  require(again.has_value());
  require(std::ranges::equal(sorted(zone->records), sorted(again->records), {}, key, key));
  require(write_zone(again->records, origin) == text);
  (void)sets_of(zone->records);
  return 0;
}
