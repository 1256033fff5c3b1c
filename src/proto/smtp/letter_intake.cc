#include "proto/smtp/letter_intake.h"

#include <limits>
#include <utility>

namespace chappe::proto::smtp {

bool LetterIntake::too_much_to_skip(std::uint64_t size) const {
  const std::uint64_t limit = options_.limits.refused_data;
  return size > limit || thrown_ > limit - size;
}

void LetterIntake::begin(LetterScanner::Mode mode) {
  scanner_.emplace(mode, options_);
  chunked_ = mode == LetterScanner::Mode::counted;
  awaited_ = true;
  told_ = false;
}

bool LetterIntake::end() {
  scanner_.reset();
  return std::exchange(awaited_, false);
}

LetterIntake::Step LetterIntake::skip(codec::LineReader& input) {
  while (chunk_left_ > 0) {
    const std::size_t n = input.take(chunk_left_).size();
    if (n == 0) return Step::need_input;
    chunk_left_ -= n;
    thrown_ += n;
  }
  return Step::chunk_end;
}

LetterIntake::Step LetterIntake::step(codec::LineReader& input, Chunk& piece) {
  if (skipping_) return skip(input);
  const std::uint64_t most = options_.limits.letter + options_.limits.refused_data;
  for (;;) {
    if (scanner_->facts().size > most) return Step::too_much;
    if (scanner_->wants_input() && !scanner_->ended()) {
      if (chunked_ && chunk_left_ == 0) return Step::chunk_end;
      Chunk octets = input.take(chunked_ ? chunk_left_ : std::numeric_limits<std::uint64_t>::max());
      if (octets.empty()) return Step::need_input;
      if (chunked_) chunk_left_ -= octets.size();
      scanner_->feed(std::move(octets));
    }
    piece = scanner_->next();
    if (newly_broken()) return Step::broken;
    if (!piece.empty()) return Step::piece;
    if (scanner_->ended() && scanner_->facts().size <= most) {
      input.put_back(scanner_->take_rest());
      awaited_ = false;
      return Step::letter_end;
    }
  }
}

bool LetterIntake::finish() {
  scanner_->finish();
  const bool out = newly_broken();
  awaited_ = false;
  return out;
}

bool LetterIntake::newly_broken() {
  if (told_ || !scanner_->broken()) return false;
  told_ = true;
  awaited_ = false;
  return true;
}

}  // namespace chappe::proto::smtp
