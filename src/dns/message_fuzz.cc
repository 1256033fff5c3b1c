// Messages of whoever answers: what is read can be written and read again as the same, whole or cut short, and means
// something.
#include <cstdlib>

#include "dns/message.h"

using namespace chappe;
using namespace chappe::dns;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void same(const std::vector<Record>& a, const std::vector<Record>& b) {
  require(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    require(a[i].name == b[i].name && a[i].type == b[i].type && a[i].ttl == b[i].ttl &&
            canonical_rdata(a[i].type, a[i].rdata) == canonical_rdata(b[i].type, b[i].rdata));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = parse_message(ByteView(reinterpret_cast<const char*>(data), size));
  if (!message) return 0;
  (void)message_text(*message);
  if (message->question) {
    const Answer answer = answer_of(*message, *message->question);
    require((answer.outcome == Outcome::answer) == !answer.records.empty());
  }
  const Bytes small = write_message(*message, {.limit = kMinUdp, .glue_needed = true});
  require(small.size() <= kMinUdp && parse_message(small));
  const Bytes wire = write_message(*message);
  const auto again = parse_message(wire);
  require(again.has_value());
  // Without compression what was read may be more than fits.
  if (again->header.truncated != message->header.truncated) return 0;
  same(message->answer, again->answer);
  same(message->authority, again->authority);
  return 0;
}
