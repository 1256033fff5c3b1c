// Any octets as a letter on the wire: however it is cut, the same goes out; every line ends in <CRLF>; only the end
// looks like the end; and with the dots taken off it is the letter again, its lines mended. The first octet chooses how
// the letter is cut.
#include "codec/letter_writer.h"

#include "../../tests/fuzz/fuzzing.h"

using namespace chappe;
using codec::LetterWriter;
using fuzz::check;

namespace {

struct Written {
  Bytes wire;
  bool altered = false;
  bool operator==(const Written&) const = default;
};

Written write(ByteView letter, LetterWriter::Mode mode, unsigned how) {
  LetterWriter writer(mode);
  ChunkList out;
  for (fuzz::Pieces pieces(letter, how); !pieces.done();) writer.write(Chunk::copy_of(pieces.next()), out);
  writer.finish(out);
  return {out.flatten(), writer.altered()};
}

// Each end of line, whatever it was, as <CRLF>.
Bytes mended(ByteView letter) {
  Bytes out;
  for (std::size_t i = 0; i < letter.size(); ++i) {
    if (letter[i] != '\r' && letter[i] != '\n') {
      out += letter[i];
      continue;
    }
    if (letter[i] == '\r' && i + 1 < letter.size() && letter[i + 1] == '\n') ++i;
    out += "\r\n";
  }
  return out;
}

Bytes without_dots(ByteView wire) {
  Bytes out;
  while (!wire.empty()) {
    const std::size_t end = wire.find("\r\n") + 2;
    ByteView line = wire.substr(0, end);
    wire.remove_prefix(end);
    if (line == ".\r\n") {
      check(wire.empty());
      return out;
    }
    if (line.starts_with('.')) line.remove_prefix(1);
    out += line;
  }
  check(false);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Mode = LetterWriter::Mode;
  ByteView letter = fuzz::view(data, size);
  const unsigned how = fuzz::choose(letter);
  for (const Mode mode : {Mode::dotted, Mode::lines, Mode::raw})
    check(write(letter, mode, how) == write(letter, mode, 0));
  check(write(letter, Mode::raw, how) == Written{Bytes(letter), false});
  const Bytes lines = mended(letter);
  check(write(letter, Mode::lines, how) == Written{lines, lines != letter});
  const Bytes complete = lines.empty() || lines.ends_with("\r\n") ? lines : lines + "\r\n";
  const Written dotted = write(letter, Mode::dotted, how);
  check(without_dots(dotted.wire) == complete);
  check(dotted.altered == (complete != letter));
  return 0;
}
