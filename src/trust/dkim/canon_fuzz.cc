// Canonicalisation in pieces against the plainest form of it. The first octet cuts the input into pieces.
#include "../../../tests/fuzz/fuzzing.h"
#include "trust/dkim/canon.h"
#include "trust/dkim/test_canon.h"

using namespace chappe;
using namespace chappe::trust::dkim;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const unsigned how = fuzz::choose(input);
  for (const Canon canon : {Canon::simple, Canon::relaxed}) {
    std::string out;
    BodyCanon stream(canon, [&out](ByteView piece) { out += piece; });
    for (fuzz::Pieces pieces(input, how); !pieces.done();) stream.feed(pieces.next());
    stream.finish();
    check(stream.size() == out.size());
    check(out == plain_canon(canon, input));
    // What is canonical stays so.
    check(plain_canon(canon, out) == out);
  }
  return 0;
}
