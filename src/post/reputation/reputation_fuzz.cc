// Rows and keys of reputation are bytes read back, and names are typed by people: whatever they are, reading ends in a
// value or an Error, and what was accepted is written again to the same.
#include <cstdlib>

#include "post/reputation/record.h"

using namespace chappe;        // NOLINT
using namespace chappe::post;  // NOLINT

namespace {

void must(bool ok) {
  if (!ok) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(reinterpret_cast<const char*>(data), size);
  if (const auto row = records::decode_remembered(in)) {
    must(records::decode_remembered(records::encode(*row)).value() == *row);
    Standing standing{.identity = {}, .known = true, .remembered = *row};
    standing.remembered.fade(Time{1'700'000'000'000'000}, std::chrono::hours(1));
    must(standing.score() > 0 && standing.score() < 1 && standing.confidence() >= 0 && standing.confidence() <= 1);
  }
  if (const auto identity = records::decode_identity(in)) must(records::reputation_key(*identity) == in);
  if (const auto named = identities_named(in)) {
    for (const Identity& identity : *named) {
      must(identities_named(identity.name).has_value());
      must(records::decode_identity(records::reputation_key(identity)).value() == identity);
    }
  }
  return 0;
}
