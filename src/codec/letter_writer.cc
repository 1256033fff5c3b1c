#include "codec/letter_writer.h"

#include <algorithm>

namespace chappe::codec {

LetterWriter::LetterWriter(Mode mode)
    : mode_(mode), crlf_(Chunk::copy_of("\r\n")), dot_(Chunk::copy_of(".")), end_(Chunk::copy_of(".\r\n")) {}

void LetterWriter::mend(ChunkList& out) {
  out.append(crlf_);
  line_start_ = altered_ = true;
}

void LetterWriter::write(const Chunk& piece, ChunkList& out) {
  const ByteView s = piece.view();
  const std::size_t n = s.size();
  if (n == 0) return;
  if (mode_ == Mode::raw) return out.append(piece);
  std::size_t i = 0;
  if (after_cr_) {
    after_cr_ = false;
    if (s[0] == '\n') {
      out.append(crlf_);
      line_start_ = true;
      i = 1;
    } else {
      mend(out);
    }
  }
  std::size_t from = i;
  const auto give = [&](std::size_t to) {
    if (to > from) out.append(piece.slice(from, to - from));
  };
  while (i < n) {
    if (line_start_ && s[i] == '.' && mode_ == Mode::dotted) {
      give(i);
      from = i;
      out.append(dot_);
    }
    line_start_ = false;
    const std::size_t lf = std::min(s.find('\n', i), n);
    const std::size_t cr = std::min(s.substr(0, lf).find('\r', i), n);
    if (cr == n && lf == n) break;
    if (cr + 1 == lf && lf < n) {
      line_start_ = true;
      i = lf + 1;
      continue;
    }
    if (cr + 1 == n) {
      give(cr);
      after_cr_ = true;
      return;
    }
    const std::size_t bare = std::min(cr, lf);
    give(bare);
    mend(out);
    from = i = bare + 1;
  }
  give(n);
}

void LetterWriter::finish(ChunkList& out) {
  if (after_cr_) mend(out);
  after_cr_ = false;
  if (mode_ != Mode::dotted) return;
  if (!line_start_) mend(out);
  out.append(end_);
}

}  // namespace chappe::codec
