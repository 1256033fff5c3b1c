// Content-Transfer-Encodings of MIME (RFC 2045 §6.7, §6.8), as letters really have them: the decoders never fail, they
// take what can be taken and count what was wrong. Decoders are fed pieces of any size and belong to one owner; the
// functions are pure. Nothing blocks. The strict base64 of protocols is in codec/base64.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace chappe::codec {

// Decodes base64, skipping every octet outside the alphabet (RFC 2045 §6.8) and going on after padding, so that
// concatenated encodings give all their bytes.
class Base64Decoder {
 public:
  // Appends what `piece` completes to `out`.
  void feed(ByteView piece, Bytes& out);
  // Ends the input: appends the bytes of an unpadded last group.
  void finish(Bytes& out);

  // Octets that are neither of the alphabet, nor white space, nor '='.
  std::size_t strangers() const { return strangers_; }
  // Data went on after padding.
  bool continued() const { return continued_; }
  // The last group lacks padding, or one character of it is useless.
  bool truncated() const { return truncated_; }
  bool clean() const { return strangers_ == 0 && !continued_ && !truncated_; }

 private:
  void flush(Bytes& out);

  std::uint32_t bits_ = 0;
  int count_ = 0;  // characters in bits_
  std::size_t strangers_ = 0;
  bool padded_ = false, continued_ = false, truncated_ = false;
};

// Decodes quoted-printable. Blanks at the end of a line are dropped (RFC 2045 §6.7 rule 3); an "=" that starts no
// valid escape stays as it is written.
class QuotedPrintableDecoder {
 public:
  void feed(ByteView piece, Bytes& out);
  void finish(Bytes& out);

  // Escapes that were none, and octets that should have been escaped (RFC 2045 §6.7, last paragraphs).
  std::size_t strangers() const { return strangers_; }
  bool clean() const { return strangers_ == 0; }

 private:
  enum class State : std::uint8_t { text, equals, first_digit, soft_blanks, soft_cr };

  // Settles an escape that `next` does not complete: what was held is text after all.
  void give_up(Bytes& out);

  State state_ = State::text;
  char digit_ = 0;
  Bytes blanks_;  // blanks that are text only if something follows them on their line
  std::size_t strangers_ = 0;
};

Bytes mime_base64_decode(ByteView text);
Bytes quoted_printable_decode(ByteView text);

// Base64 in CRLF-ended lines of 76 characters (RFC 2045 §6.8); empty for no bytes.
std::string mime_base64_encode(ByteView bytes);

// Quoted-printable in lines of at most 76 characters. Line breaks of `text` (CRLF or LF) become CRLF; every other CR or
// LF is escaped. "From " and a lone "." at the start of a line are escaped too, so that no mailbox format or
// transport can touch them (RFC 2049 §3).
std::string quoted_printable_encode(ByteView text);

}  // namespace chappe::codec
