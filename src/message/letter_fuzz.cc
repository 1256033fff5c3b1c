// A whole letter: structure, every value, every body, both descriptions; and what must hold whatever the bytes are.

#include "../../tests/fuzz/fuzzing.h"
#include "base/text.h"
#include "codec/utf8.h"
#include "message/check.h"
#include "message/describe.h"
#include "message/letter.h"

using namespace chappe;
using namespace chappe::message;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes = fuzz::view(data, size);
  const Letter letter(bytes, {.fields = 200, .parts = 50, .depth = 12});
  check(letter.root().end == size);
  std::size_t fields = 0;
  std::uint32_t last = 0;
  for (const Part& p : letter.parts()) {
    check(p.begin <= p.body && p.body <= p.end && p.end <= size);
    check(p.index == 0 || p.parent < p.index);
    check(p.index == 0 || p.end <= letter.part(p.parent).end);
    check(p.index == 0 || p.begin >= letter.part(p.parent).body);
    check(p.kind == Part::Kind::leaf ? p.children == 0 : p.children > 0);
    check(letter.preamble(p).size() + letter.epilogue(p).size() <= size);
    for (const Field& f : letter.fields(p)) {
      check(f.offset() >= p.begin && f.offset() + f.raw().size() <= p.body);
      check(f.raw().data() == bytes.data() + f.offset());
      check(f.name().size() < f.value_at());
    }
    fields += p.field_count;
    const std::string section = letter.section_of(p);
    if (section.empty()) continue;
    std::vector<std::uint32_t> path;
    for (const auto n : split(section, '.')) path.push_back(*to_number<std::uint32_t>(n));
    check(letter.find_section(path) == &p);
    last = p.index;
  }
  check(fields == letter.all_fields().size() && last < letter.parts().size());
  check(letter);
  check(codec::utf8_valid(describe(bytes, {})));
  check(codec::utf8_valid(describe(bytes, {.json = true, .lang = Lang::fr})));
  return 0;
}
