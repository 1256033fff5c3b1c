#include "post/care/drafts.h"

namespace chappe::post {

void Drafts::forget_idle() {
  const Steady now = clock_.steady();
  std::erase_if(drafts_, [now](const auto& one) { return now - one.second.touched > kIdle; });
}

Result<std::uint64_t> Drafts::begin() {
  const std::lock_guard lock(mutex_);
  forget_idle();
  if (drafts_.size() >= kMost) return fail(Errc::busy, "{} letters are coming in pieces already", kMost);
  drafts_[++last_].touched = clock_.steady();
  return last_;
}

Result<std::uint64_t> Drafts::append(std::uint64_t draft, ByteView octets) {
  ChunkList more(octets);  // copied before the lock
  const std::lock_guard lock(mutex_);
  forget_idle();
  const auto at = drafts_.find(draft);
  if (at == drafts_.end()) return fail(Errc::not_found, "there is no such draft, or it was left alone too long");
  Draft& d = at->second;
  if (d.octets.size() + more.size() > kMostOctets) {
    drafts_.erase(at);
    return fail(Errc::too_large, "a letter may have {} octets", kMostOctets);
  }
  d.octets.append(std::move(more));
  d.touched = clock_.steady();
  return d.octets.size();
}

Result<ChunkList> Drafts::take(std::uint64_t draft) {
  const std::lock_guard lock(mutex_);
  auto node = drafts_.extract(draft);
  if (node.empty()) return fail(Errc::not_found, "there is no such draft, or it was left alone too long");
  return std::move(node.mapped().octets);
}

}  // namespace chappe::post
