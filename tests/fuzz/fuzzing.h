// What the fuzzers of several folders share: a check that ends the run, octets that choose, and input cut in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>

#include "base/bytes.h"

namespace chappe::fuzz {

// What must hold whatever the input is.
inline void check(bool holds, std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold\n", where.file_name(), where.line());
  std::abort();
}

inline ByteView view(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// Takes the first octet off, for the fuzzer to choose by; 0 when there is none.
inline unsigned choose(ByteView& input) {
  if (input.empty()) return 0;
  const auto first = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return first;
}

// The input as it might come from a socket. `how` 0: at once; up to 127: in pieces of so many octets; above: in pieces
// of changing sizes.
class Pieces {
 public:
  Pieces(ByteView octets, unsigned how) : rest_(octets), how_(how), dice_(how) {}

  bool done() const { return rest_.empty(); }
  ByteView next() {
    const ByteView piece = rest_.substr(0, size());
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::size_t size() {
    if (how_ < 128) return how_ == 0 ? rest_.size() : how_;
    dice_ = dice_ * 1103515245 + 12345;
    return 1 + (dice_ >> 16) % (how_ - 127);
  }

  ByteView rest_;
  unsigned how_;
  unsigned dice_;
};

}  // namespace chappe::fuzz
