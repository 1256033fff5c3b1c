// Canonicalisation (RFC 6376 §3.4): the form of a letter that is hashed. Header fields one by one; bodies as they come,
// chunk by chunk, without copying them: what changes nothing is handed on as it stands, in pieces as long as possible.
//
// One rule for line ends: CRLF is one; a CR or LF that stands alone is an octet like any other, neither line end nor
// blank. What is stored is what is hashed; nothing is repaired on the way, and whoever wants such a letter to pass must
// repair it before it is signed. Pure; linear; nothing blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "message/field.h"

namespace chappe::trust::dkim {

enum class Canon : std::uint8_t { simple, relaxed };
std::string_view canon_name(Canon canon);

// Appends the canonical form of a field with its CRLF (RFC 6376 §3.4.1, §3.4.2). A field that its letter ends in the
// middle of a line is given one.
void append_canonical(std::string& out, Canon canon, const message::Field& field);
// The signature's own field: without what stands at [begin, end) of its value, the value of `b=`, and without its line
// end (RFC 6376 §3.7).
void append_own(std::string& out, Canon canon, const message::Field& field, std::size_t begin, std::size_t end);

// The body (RFC 6376 §3.4.3, §3.4.4). Sink is called with each piece of the canonical form, in order; the piece lives
// for the call only.
template <class Sink>
class BodyCanon {
 public:
  BodyCanon(Canon canon, Sink sink) : canon_(canon), sink_(std::move(sink)) {}

  void feed(ByteView chunk);
  // The end of the body. Once, last.
  void finish();
  // Octets of the canonical form so far; all of them after finish().
  std::uint64_t size() const { return size_; }
  Sink& sink() { return sink_; }

 private:
  void blanks(ByteView chunk);
  void lines(ByteView piece);
  void flush();
  void emit(ByteView piece) {
    size_ += piece.size();
    sink_(piece);
  }

  Canon canon_;
  Sink sink_;
  std::uint64_t size_ = 0;
  bool blank_ = false;      // relaxed: blanks were seen, and nothing behind them yet
  bool blank_cr_ = false;   // and then a CR: with LF behind it they are at the end of a line
  bool cr_ = false;         // a CR is held back, which may begin a line end
  std::uint64_t ends_ = 0;  // line ends held back: nothing was seen behind them yet
};

namespace detail {
// How many leading octets of `chunk` relaxed leaves as they are, whatever follows: up to a tab, or a space with blank,
// CR or nothing behind it.
std::size_t unchanged_blanks(ByteView chunk);
}  // namespace detail

// ---- the two steps: blanks within lines (relaxed only), then the line ends at the end of the body

template <class Sink>
void BodyCanon<Sink>::feed(ByteView chunk) {
  if (canon_ == Canon::relaxed)
    blanks(chunk);
  else
    lines(chunk);
}

// RFC 6376 §3.4.4 (a): each run of blanks becomes one space, and at the end of a line nothing.
template <class Sink>
void BodyCanon<Sink>::blanks(ByteView chunk) {
  while (!chunk.empty()) {
    if (blank_cr_) {
      // Blanks, CR: a line end makes the blanks vanish; a CR alone is an octet, which they stand in front of.
      blank_cr_ = false;
      if (chunk.front() != '\n') lines(" ");
      blank_ = false;
      lines("\r");
    }
    if (blank_) {
      const std::size_t end = chunk.find_first_not_of(" \t");
      if (end == ByteView::npos) return;
      chunk.remove_prefix(end);
      if (chunk.front() == '\r') {
        blank_cr_ = true;
        chunk.remove_prefix(1);
        continue;
      }
      blank_ = false;
      lines(" ");
    }
    const std::size_t same = detail::unchanged_blanks(chunk);
    if (same > 0) lines(chunk.substr(0, same));
    chunk.remove_prefix(same);
    if (!chunk.empty()) {
      blank_ = true;
      chunk.remove_prefix(1);
    }
  }
}

// Hands on all but line ends that nothing follows yet (RFC 6376 §3.4.3, §3.4.4 (b)).
template <class Sink>
void BodyCanon<Sink>::lines(ByteView piece) {
  if (piece.empty()) return;
  if (cr_) {
    cr_ = false;
    if (piece.front() == '\n') {
      ++ends_;
      piece.remove_prefix(1);
    } else {
      flush();
      emit("\r");
    }
  }
  std::size_t end = piece.size();
  const bool cr = end > 0 && piece[end - 1] == '\r';
  if (cr) --end;
  std::uint64_t ends = 0;
  while (end >= 2 && piece[end - 1] == '\n' && piece[end - 2] == '\r') {
    end -= 2;
    ++ends;
  }
  if (end > 0) {
    flush();
    emit(piece.substr(0, end));
  }
  ends_ += ends;
  cr_ = cr;
}

template <class Sink>
void BodyCanon<Sink>::flush() {
  static constexpr std::string_view kEnds = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
  for (; ends_ >= kEnds.size() / 2; ends_ -= kEnds.size() / 2) emit(kEnds);
  if (ends_ > 0) emit(kEnds.substr(0, 2 * ends_));
  ends_ = 0;
}

template <class Sink>
void BodyCanon<Sink>::finish() {
  if (blank_cr_) {
    lines(" \r");
    blank_cr_ = blank_ = false;
  }
  if (cr_) {
    flush();
    emit("\r");
    cr_ = false;
  }
  ends_ = 0;
  // A body that does not end with CRLF is given one. An empty body becomes CRLF in the simple form (RFC 6376 §3.4.3),
  // and stays empty in the relaxed one (§3.4.4).
  if (size_ > 0 || canon_ == Canon::simple) emit("\r\n");
}

}  // namespace chappe::trust::dkim
