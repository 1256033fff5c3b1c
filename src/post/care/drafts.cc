#include "post/care/drafts.h"

namespace chappe::post {

void Drafts::forget_idle() {
  const Steady now = clock_.steady();
  std::erase_if(rows_, [now](const auto& row) { return now - row.second.touched > kIdle; });
}

Result<std::uint64_t> Drafts::begin() {
  const std::lock_guard lock(mutex_);
  forget_idle();
  if (rows_.size() >= kMost) return fail(Errc::busy, "{} letters are coming in pieces already", kMost);
  rows_[++last_] = {mailboxes_.draft(), clock_.steady()};
  return last_;
}

Result<std::shared_ptr<LetterDraft>> Drafts::lease(std::uint64_t draft) {
  const std::lock_guard lock(mutex_);
  forget_idle();
  auto node = rows_.extract(draft);
  if (node.empty()) return fail(Errc::not_found, "there is no such draft, or it was left alone too long");
  return std::move(node.mapped().draft);
}

Task<Result<std::uint64_t>> Drafts::append(std::uint64_t draft, ChunkList octets, Deadline deadline) {
  const auto leased = CO_TRY(lease(draft));
  if (leased->size() + octets.size() > kMostOctets)
    co_return fail(Errc::too_large, "a letter may have {} octets", kMostOctets);
  CO_TRY(co_await leased->append(std::move(octets), deadline));
  const std::lock_guard lock(mutex_);
  rows_[draft] = {leased, clock_.steady()};
  co_return leased->size();
}

Task<Result<std::shared_ptr<LetterDraft>>> Drafts::take(std::uint64_t draft, Deadline deadline) {
  auto leased = CO_TRY(lease(draft));
  CO_TRY(co_await leased->finish(deadline));
  co_return leased;
}

}  // namespace chappe::post
