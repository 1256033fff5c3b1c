// Command lines out of a stream of octets, for protocols whose lines end in <CRLF> and in nothing else (SMTP, POP3),
// and the octets between them that are no lines (letters). Lines inside one chunk are views into it; only a line that
// comes in several chunks is put together. What is held is bounded by the limit of a line and the chunk in work.
//
// A line that is refused (bare <LF>, too long) is reported as soon as that is known, and what follows up to the next
// <CRLF> is thrown away: text behind a bare <LF> never becomes a line of its own. Owned by a protocol machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace chappe::codec {

class LineReader {
 public:
  enum class Got : std::uint8_t {
    nothing,   // feed more
    line,      // a line, its <CRLF> taken off
    bare_lf,   // a line with a bare <LF>; what came before the <LF>
    too_long,  // the first octets of a line longer than the limit
    endless,   // so much of a refused line was thrown away that the peer should go
  };

  // For the whole line with its <CRLF>. `line` leaves room for `long_word` and a blank.
  struct Limits {
    std::size_t line;
    // Lines that begin with this word, in any case, and a blank: AUTH with its initial response (RFC 4954 §4, RFC 5034
    // §4).
    ByteView long_word = {};
    std::size_t long_line = 0;
  };

  // `flood`: how many octets of one refused line may be thrown away.
  explicit LineReader(std::size_t flood) : flood_(flood) {}

  void feed(Chunk octets);
  // `line` is valid until the next call that is not const.
  Got next(ByteView& line, const Limits& limits);
  // Behind a whole line: the next octets as they are, at most `most` of them; empty when there are none yet.
  Chunk take(std::uint64_t most);
  // Octets that were taken and not used come again before all others.
  void put_back(Chunk octets);
  // Forgets everything that was fed.
  void clear();
  bool has_input() const { return at_ < input_.size() || !more_.empty(); }
  std::size_t held() const;

 private:
  bool next_chunk();
  std::size_t limit_of(ByteView rest, const Limits& limits) const;
  Got refuse(Got why, bool after_cr);
  Got skip();

  std::size_t flood_;
  Chunk input_;
  std::size_t at_ = 0;
  std::vector<Chunk> more_;  // the next one last
  Bytes part_, done_;        // of a line in several chunks; the last such line
  bool skipping_ = false, after_cr_ = false;
  std::size_t skipped_ = 0;
};

}  // namespace chappe::codec
