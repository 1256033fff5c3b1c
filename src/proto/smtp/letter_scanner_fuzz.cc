// A letter as it comes, with its dots and faults: however it is cut, the same letter, facts, verdict and rest come out;
// and what the writer of the other side makes of any octets is read as what it wrote. The first octet chooses how the
// input is cut, the second the options.
#include "proto/smtp/letter_scanner.h"

#include <tuple>

#include "../../../tests/fuzz/fuzzing.h"
#include "codec/letter_writer.h"

using namespace chappe;
using namespace chappe::proto::smtp;
using fuzz::check;

namespace {

struct Scanned {
  Bytes letter, rest;
  LetterFacts facts;
  std::optional<Rule> broken;
  bool ended = false;
};

auto tie(const LetterFacts& f) {
  return std::tie(f.size, f.header_size, f.lines, f.longest_line, f.bare_lf, f.bare_cr, f.nul, f.eight_bit_header,
                  f.eight_bit_body, f.ends_in_crlf);
}

Scanned scan(ByteView octets, LetterScanner::Mode mode, const ServerOptions& options, unsigned how) {
  LetterScanner scanner(mode, options);
  Scanned out;
  fuzz::Pieces pieces(octets, how);
  while (!pieces.done() && !scanner.ended()) {
    scanner.feed(Chunk::copy_of(pieces.next()));
    unsigned slices = 0;
    for (Chunk piece = scanner.next(); !piece.empty(); piece = scanner.next()) {
      check(!scanner.broken() && ++slices <= LetterScanner::kMaxSlices + 1);
      out.letter += piece.view();
    }
    check(scanner.ended() || scanner.wants_input());
  }
  out.ended = scanner.ended();
  out.rest = scanner.take_rest().view();
  while (!pieces.done()) out.rest += pieces.next();
  if (mode == LetterScanner::Mode::counted) scanner.finish();
  out.facts = scanner.facts();
  out.broken = scanner.broken();
  return out;
}

// RFC 5321 §4.5.2, for a letter without faults.
Bytes unstuffed(ByteView wire, bool& ended, ByteView& rest) {
  Bytes out;
  while (!wire.empty()) {
    const std::size_t end = std::min(wire.find("\r\n"), wire.size() - std::min<std::size_t>(2, wire.size())) + 2;
    ByteView line = wire.substr(0, end);
    wire.remove_prefix(line.size());
    if (line == ".\r\n") {
      ended = true;
      rest = wire;
      return out;
    }
    if (line.starts_with('.')) line.remove_prefix(1);
    out += line;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView octets = fuzz::view(data, size);
  const unsigned how = fuzz::choose(octets), choice = fuzz::choose(octets);
  const auto mode = (choice & 1) != 0 ? LetterScanner::Mode::counted : LetterScanner::Mode::dotted;
  ServerOptions options;
  options.bare_lf = options.bare_lf_chunk = static_cast<LineFault>((choice >> 1 & 3) % 3);
  options.bare_cr = options.bare_cr_chunk = static_cast<LineFault>((choice >> 3 & 3) % 3);
  if ((choice & 32) != 0) options.limits.letter_line = 40;
  if ((choice & 64) != 0) options.limits.header = 60;
  if ((choice & 128) != 0) options.limits.letter = 100;

  const Scanned whole = scan(octets, mode, options, 0);
  for (const unsigned cut : {how, 1U}) {
    const Scanned parts = scan(octets, mode, options, cut);
    check(parts.ended == whole.ended && parts.rest == whole.rest && parts.broken == whole.broken);
    check(tie(parts.facts) == tie(whole.facts));
    if (!whole.broken) check(parts.letter == whole.letter);
  }
  const LetterFacts& f = whole.facts;
  check(whole.broken || f.size == whole.letter.size());
  check(f.header_size <= f.size && f.longest_line <= f.size);
  if (mode == LetterScanner::Mode::counted) check(!whole.ended && whole.rest.empty());

  const bool clean = f.bare_lf == 0 && f.bare_cr == 0 && !whole.broken;
  if (clean && mode == LetterScanner::Mode::dotted && whole.ended) {
    bool ended = false;
    ByteView rest;
    check(unstuffed(octets, ended, rest) == whole.letter && ended && rest == whole.rest);
  }
  if (clean && mode == LetterScanner::Mode::counted) check(whole.letter == octets);

  // The writer's wire form ends where it ends, and is the letter with its lines mended.
  codec::LetterWriter dotted(codec::LetterWriter::Mode::dotted), lines(codec::LetterWriter::Mode::lines);
  ChunkList wire, mended;
  dotted.write(Chunk::copy_of(octets), wire);
  dotted.finish(wire);
  lines.write(Chunk::copy_of(octets), mended);
  lines.finish(mended);
  Bytes letter = mended.flatten();
  if (!letter.empty() && !letter.ends_with("\r\n")) letter += "\r\n";
  const Scanned again = scan(wire.flatten(), LetterScanner::Mode::dotted, ServerOptions(), how);
  check(again.ended && again.rest.empty() && again.facts.bare_lf == 0 && again.facts.bare_cr == 0);
  if (!again.broken) check(again.letter == letter);
  return 0;
}
