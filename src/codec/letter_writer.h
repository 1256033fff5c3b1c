// Makes a stored letter fit for the wire: lines end in <CRLF> whatever the bytes had (RFC 5321 §2.3.8: an SMTP client
// MUST NOT send a bare <CR> or <LF>), and dots at line beginnings are stuffed (§4.5.2). The bytes are handed on as
// slices. POP3 stuffs the same way (RFC 1939 §3).
//
// One writer serves one letter. Owned by its user; nothing blocks.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace chappe::codec {

class LetterWriter {
 public:
  enum class Mode : std::uint8_t {
    dotted,  // DATA, POP3: stuffed, and ended by <CRLF>.<CRLF>
    lines,   // BDAT: lines mended, nothing stuffed, nothing at the end
    raw,     // BDAT with BODY=BINARYMIME: as it is
  };
  explicit LetterWriter(Mode mode);

  // Appends what `piece`, the next octets of the letter, is on the wire. A <CR> at its end is held back.
  void write(const Chunk& piece, ChunkList& out);
  // After the last octet.
  void finish(ChunkList& out);
  // The wire form is not the stored form with dots: an end of line was mended or, in `dotted` mode, added.
  bool altered() const { return altered_; }

 private:
  void mend(ChunkList& out);

  Mode mode_;
  Chunk crlf_, dot_, end_;
  bool line_start_ = true;
  bool after_cr_ = false;
  bool altered_ = false;
};

}  // namespace chappe::codec
