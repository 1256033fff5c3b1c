// DMARC records: no crash, and what the header promises of every reading holds.
#include "trust/dmarc/record.h"

#include "../../../tests/fuzz/fuzzing.h"

using namespace chappe;
using namespace chappe::trust::dmarc;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView text = fuzz::view(data, size);
  const Reading reading = parse_record(text);
  check(reading.flaws.size() <= Reading::kMaxFlaws);
  for (const Flawed& f : reading.flaws) {
    check(f.at <= text.size());
    check(f.what.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  check(lint(text).record.has_value() == reading.record.has_value());
  if (!reading.record) {
    check(!reading.flaws.empty());
    return 0;
  }
  const Record& r = *reading.record;
  check(r.text == text && !text.empty() && (text[0] == 'v' || text[0] == 'V'));
  check(r.standing != Standing::usable || r.p.has_value());
  check(r.applies() || r.rua.empty());
  check(r.rua.size() <= Record::kMaxUris && r.ruf.size() <= Record::kMaxUris);
  check(!(r.fo.all_fail && r.fo.any_fails));
  for (const auto* list : {&r.rua, &r.ruf})
    for (const Uri& uri : *list) {
      check(uri.mailbox.empty() == uri.domain.empty());
      check(uri.text.find_first_of(" ,;!\r\n\"<>") == std::string::npos);
      check(uri.mailbox.find_first_of(std::string_view(" ,;<>\"\r\n\0", 9)) == std::string::npos);
    }
  // Nothing but its text makes a record what it is.
  const Reading again = parse_record(r.text);
  check(again.flaws == reading.flaws);
  return 0;
}
