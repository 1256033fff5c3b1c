// Lines, and octets between them, as SMTP and POP3 take them: however the input is cut, the same comes out, and what is
// held is bounded. A line "@N" is followed by N octets that are no lines. The first three octets choose the limits and
// how the input is cut.
#include "codec/line_reader.h"

#include "../../tests/fuzz/fuzzing.h"
#include "base/text.h"

using namespace chappe;
using codec::LineReader;
using fuzz::check;

namespace {

struct Taken {
  std::vector<std::pair<LineReader::Got, Bytes>> lines;
  Bytes octets;  // between lines
  bool operator==(const Taken&) const = default;
};

Taken take(ByteView input, unsigned how, const LineReader::Limits& limits, std::size_t flood) {
  LineReader reader(flood);
  Taken out;
  std::size_t between = 0;
  fuzz::Pieces pieces(input, how);
  while (!pieces.done()) {
    const ByteView piece = pieces.next();
    reader.feed(Chunk::copy_of(piece));
    for (;;) {
      if (between > 0) {
        const Chunk octets = reader.take(between);
        check(octets.size() <= between);
        if (octets.empty()) break;
        // Some are given back.
        const std::size_t back = octets.size() / 3;
        reader.put_back(octets.slice(octets.size() - back, back));
        out.octets += octets.view().substr(0, octets.size() - back);
        between -= octets.size() - back;
        continue;
      }
      ByteView line;
      const auto got = reader.next(line, limits);
      check(reader.held() <= piece.size() + 2 * limits.long_line);
      if (got == LineReader::Got::nothing) break;
      if (got == LineReader::Got::endless) line = {};
      out.lines.emplace_back(got, line);
      if (got == LineReader::Got::endless) return out;
      check(!line.contains('\n') && line.size() <= limits.long_line);
      if (got == LineReader::Got::line) {
        check(line.size() + 1 < limits.long_line);
        if (line.starts_with('@')) between = to_number<std::uint8_t>(line.substr(1)).value_or(0);
      }
    }
    check(!reader.has_input());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input = fuzz::view(data, size);
  const std::size_t limit = 6 + fuzz::choose(input), flood = 1 + fuzz::choose(input);
  const unsigned how = fuzz::choose(input);
  const LineReader::Limits limits{limit, "AUTH", limit + 50};
  const Taken whole = take(input, 0, limits, flood);
  check(take(input, how, limits, flood) == whole);
  check(take(input, 1, limits, flood) == whole);
  // What was taken stands in the input, in order.
  std::size_t at = 0;
  for (const auto& [got, line] : whole.lines) {
    at = input.find(line, at);
    check(at != ByteView::npos);
    at += line.size();
  }
  return 0;
}
