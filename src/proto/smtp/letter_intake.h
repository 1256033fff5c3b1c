// Reads letters off the octets that they share with the commands: a DATA letter up to its dot, a BDAT letter chunk by
// chunk, and past the octets of chunks that are refused (RFC 3030 §2). What is said about it is the server machine's,
// which owns the one intake of its connection. Nothing blocks.
#pragma once

#include <cstdint>
#include <optional>

#include "codec/line_reader.h"
#include "proto/smtp/letter_scanner.h"

namespace chappe::proto::smtp {

class LetterIntake {
 public:
  enum class Step : std::uint8_t {
    need_input,
    piece,       // the next octets of the letter
    broken,      // it breaks a rule, see broken(); said once
    letter_end,  // the dot of DATA was read; what stands behind it is given back to the input
    chunk_end,   // the chunk was read, or read past
    too_much,    // so much of a refused letter was thrown away that the client should go
  };

  // `options` must outlive it.
  explicit LetterIntake(const ServerOptions& options) : options_(options) {}

  // BDAT: the next so many octets are a chunk.
  void begin_chunk(std::uint64_t size) {
    chunk_left_ = size;
    skipping_ = false;
  }
  // ... which is refused.
  void skip_chunk() { skipping_ = true; }
  // Whether more would be thrown away than the limit says if a chunk of this size were refused.
  bool too_much_to_skip(std::uint64_t size) const;

  // The driver wants the letter that comes.
  void begin(LetterScanner::Mode mode);
  // It is over, or given up. True if the driver still waits for its end.
  bool end();

  Step step(codec::LineReader& input, Chunk& piece);
  // After the last chunk. True if the letter breaks a rule that it did not break before.
  bool finish();

  bool wants_input() const { return !scanner_ || scanner_->wants_input(); }
  LetterFacts facts() const { return scanner_ ? scanner_->facts() : LetterFacts(); }
  std::optional<Rule> broken() const { return scanner_ ? scanner_->broken() : std::nullopt; }

 private:
  Step skip(codec::LineReader& input);
  bool newly_broken();

  const ServerOptions& options_;
  std::optional<LetterScanner> scanner_;
  bool chunked_ = false;
  bool skipping_ = false;
  bool awaited_ = false;  // the driver waits for the letter's end
  bool told_ = false;     // that the letter is broken
  std::uint64_t chunk_left_ = 0;
  std::uint64_t thrown_ = 0;  // octets of refused chunks
};

}  // namespace chappe::proto::smtp
