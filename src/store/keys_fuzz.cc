// Keys are bytes read back. A tuple that can be read is the one that writes these bytes again.
#include <cstdlib>

#include "store/keys.h"
#include "store/record.h"

using namespace chappe;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView in(reinterpret_cast<const char*>(data), size);
  {
    store::KeyReader r(in);
    const auto a = r.u32();
    const auto t = r.text();
    const auto n = r.u64();
    if (a && t && n) {
      const ByteView rest = r.rest();
      if (store::KeyWriter().u32(*a).text(*t).u64(*n).rest(rest).bytes() != in) std::abort();
    }
  }
  store::RecordReader r(in, 3);
  const auto number = r.number();
  const auto sign = r.signed_number();
  const Bytes text(r.text());
  if (r.finish("an input")) {
    store::RecordWriter w(r.version());
    const Bytes again = w.number(number).signed_number(sign).text(text).take();
    store::RecordReader s(again, 3);
    if (s.number() != number || s.signed_number() != sign || s.text() != text || !s.finish("the same")) std::abort();
  }
  return 0;
}
