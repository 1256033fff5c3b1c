#include "agents/imap/letter_reader.h"

#include <algorithm>

namespace chappe::agents::imap {

Task<Result<ChunkList>> LetterReader::octets(std::uint64_t offset, std::uint64_t size) {
  co_return co_await c_->mailboxes().read(record_.body, offset, size, c_->deadline());
}

Task<Result<void>> LetterReader::read(std::uint64_t size) {
  letter_.reset();
  Lease lease = c_->site().budget.take(Part::in_flight, size);
  ChunkList list = CO_TRY(co_await octets(0, size));
  letter_ = CO_TRY(co_await work(size, [lease = std::move(lease), list = std::move(list)]() mutable {
    return std::make_shared<const ReadLetter>(std::move(lease), list);
  }));
  co_return Result<void>();
}

Task<Result<SharedLetter>> LetterReader::header() {
  std::uint64_t size = record_.body.size <= kWhole ? record_.body.size : kHeader;
  while (!letter_) {
    CO_TRY(co_await read(size));
    const bool whole = letter_->octets.size() >= record_.body.size || size >= kMaxHeader;
    // Only an empty line ends a header for sure: the last line of a piece may be a field that goes on.
    if (whole || letter_->letter.root().blank_line) break;
    letter_.reset();
    size = std::min(size * 4, kMaxHeader);
  }
  co_return letter_;
}

Task<Result<SharedLetter>> LetterReader::letter() {
  if (!letter_ || letter_->octets.size() < record_.body.size) CO_TRY(co_await read(record_.body.size));
  co_return letter_;
}

}  // namespace chappe::agents::imap
