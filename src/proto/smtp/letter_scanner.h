// Takes a letter out of the stream of octets, as DATA or BDAT brought it: finds its end, takes the stuffed dots off
// (RFC 5321 §4.5.2), counts what must be known about it, and applies the rules about its bytes (rules.h). It gives out
// slices of what it is fed; bytes are copied only where they must change, or where a chunk is so full of stuffed dots
// that slices would cost more than the bytes.
//
// One scanner serves one letter. Owned by the server machine; no state outside, nothing blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "proto/smtp/events.h"
#include "proto/smtp/options.h"
#include "proto/smtp/rules.h"

namespace chappe::proto::smtp {

class LetterScanner {
 public:
  enum class Mode : std::uint8_t { dotted, counted };  // DATA; BDAT

  // What LineFault says in `options` for this mode is applied; `options` is not kept.
  LetterScanner(Mode mode, const ServerOptions& options);

  // Hands over the next octets; only when wants_input(). In `counted` mode they must all be the letter's.
  void feed(Chunk input);
  bool wants_input() const { return at_input_ >= input_.size(); }
  // The next octets of the letter; empty when all input is used up, when the end was met, or when the rest is refused.
  Chunk next();
  // <CRLF>.<CRLF> was met (never in `counted` mode); what followed it is in take_rest().
  bool ended() const { return ended_; }
  Chunk take_rest();

  // `counted` mode: the last octet was fed. A <CR> at the very end is a bare one.
  void finish();

  const LetterFacts& facts() const { return facts_; }
  // Of the rules broken so far the one that stands first in the table; the same however the letter was cut in chunks,
  // once the letter is over.
  std::optional<Rule> broken() const;

  // Slices given out for one fed chunk, after which the rest of it is copied in one piece.
  static constexpr unsigned kMaxSlices = 64;

 private:
  // Where the next octet stands, for the dots. Only a true <CRLF> leads to line_start.
  enum class At : std::uint8_t { line_start, inside, dot, dot_cr };

  bool clean() const;
  Chunk next_slice();
  Chunk next_copy();
  void put(char c, Bytes* out);
  void end_line(std::uint64_t length);
  void look_at_limits();
  void break_rule(Rule rule) { broken_ |= bit(rule); }
  static std::uint64_t bit(Rule rule) {
    return std::uint64_t{1} << (static_cast<unsigned>(rule) - static_cast<unsigned>(Rule::letter_bare_lf));
  }

  const Mode mode_;
  const LineFault bare_lf_, bare_cr_;
  const std::uint64_t max_letter_, max_line_, max_header_;

  Chunk input_;
  std::size_t at_input_ = 0;
  bool copying_ = false;    // the rest of this input goes octet by octet
  bool eight_bit_ = false;  // this input has octets beyond ASCII
  unsigned slices_ = 0;
  bool ended_ = false;

  At at_ = At::line_start;  // RFC 5321 §4.1.1.4: the <CRLF> of the DATA command is the first one
  bool after_cr_ = false;   // the last octet of the letter is a <CR>
  bool in_header_ = true;
  std::uint64_t line_ = 0;  // octets of the line so far, its <CR> included
  std::uint64_t broken_ = 0;
  LetterFacts facts_;
};

}  // namespace chappe::proto::smtp
