// Names from envelopes, headers and commands: keys must be stable, and what is shown must lead back to the key.

#include "../../tests/fuzz/fuzzing.h"
#include "codec/idna.h"
#include "codec/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chappe;
  const ByteView input = fuzz::view(data, size);
  using fuzz::check;
  if (const auto ascii = codec::domain_to_ascii(input)) {
    check(codec::valid_domain(*ascii));
    check(codec::domain_to_ascii(*ascii) == *ascii);
    const std::string shown = codec::domain_to_unicode(*ascii);
    check(codec::utf8_valid(shown));
    check(codec::domain_to_ascii(shown) == *ascii);
  }
  (void)codec::domain_to_unicode(input);
  if (const auto form = codec::to_nfc(input)) check(codec::to_nfc(*form) == *form);
  if (const auto folded = codec::fold_case(input)) check(codec::fold_case(*folded) == *folded);
  return 0;
}
