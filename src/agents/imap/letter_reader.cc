#include "agents/imap/letter_reader.h"

#include <algorithm>

namespace chappe::agents::imap {

Task<Result<ChunkList>> LetterReader::octets(std::uint64_t offset, std::uint64_t size) {
  co_return co_await c_->mailboxes().read(record_.body, offset, size, c_->deadline());
}

Task<Result<SharedLetter>> LetterReader::read(std::uint64_t begin, std::uint64_t size) {
  Lease lease = c_->site().budget.take(Part::in_flight, size);
  ChunkList list = CO_TRY(co_await octets(begin, size));
  co_return co_await work(size, [lease = std::move(lease), list = std::move(list)]() mutable {
    return std::make_shared<const ReadLetter>(std::move(lease), list);
  });
}

Task<Result<post::SharedSummary>> LetterReader::summary() {
  if (summary_) co_return summary_;
  // A client that fetches a letter piece by piece asks for the same again and again.
  LastLook& last = c_->last_look;
  if (last.summary && last.letter == record_.letter) co_return summary_ = last.summary;
  summary_ = CO_TRY(co_await c_->mailboxes().summary(record_.body, c_->deadline()));
  if (summary_->all_fields && record_.body.size > kWhole) last = {record_.letter, summary_};
  co_return summary_;
}

Task<Result<SharedLetter>> LetterReader::header_of(std::uint64_t begin, std::uint64_t end) {
  co_return co_await read(begin, std::min(end - begin, kMaxHeader));
}

Task<Result<SharedLetter>> LetterReader::header() {
  std::uint64_t size = record_.body.size <= kWhole ? record_.body.size : kHeader;
  while (!letter_) {
    letter_.reset();
    letter_ = CO_TRY(co_await read(0, size));
    const bool whole = letter_->octets.size() >= record_.body.size || size >= kMaxHeader;
    // Only an empty line ends a header for sure: the last line of a piece may be a field that goes on.
    if (whole || letter_->letter.root().blank_line) break;
    letter_.reset();
    size = std::min(size * 4, kMaxHeader);
  }
  co_return letter_;
}

Task<Result<SharedLetter>> LetterReader::letter() {
  if (!letter_ || letter_->octets.size() < record_.body.size) {
    letter_.reset();
    letter_ = CO_TRY(co_await read(0, record_.body.size));
  }
  co_return letter_;
}

}  // namespace chappe::agents::imap
