// Command lines out of a stream of octets, for protocols whose lines end in <CRLF> and in nothing else (SMTP, POP3).
// Lines inside one chunk are views into it; only a line that comes in several chunks is put together. What is held is
// bounded by the limit of a line and the chunk in work.
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

  // `flood`: how many octets of one refused line may be thrown away.
  explicit LineReader(std::size_t flood) : flood_(flood) {}

  void feed(Chunk octets);
  // `limit` is for the whole line with its <CRLF>. `line` is valid until the next call of feed, next or clear.
  Got next(ByteView& line, std::size_t limit);
  // Forgets everything that was fed.
  void clear();
  bool has_input() const { return at_ < input_.size() || !more_.empty(); }
  std::size_t held() const;

 private:
  bool next_chunk();
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
