#include "dns/cache.h"

#include <algorithm>

namespace chappe::dns {
namespace {

Answer aged(Answer answer, Duration age) {
  const auto seconds = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count());
  const auto take = [&](std::uint32_t& ttl) { ttl -= std::min(ttl, seconds); };
  take(answer.ttl);
  take(answer.records.ttl);
  for (Record& alias : answer.chain) take(alias.ttl);
  return answer;
}

}  // namespace

net::Task<Answer> CachingResolver::ask(Question question, net::Deadline deadline) {
  const Clock& clock = net::Executor::current()->clock();
  if (const auto at = entries_.find(question); at != entries_.end()) {
    const Steady now = clock.steady();
    if (now < at->second.expires) {
      ++hits_;
      uses_.splice(uses_.begin(), uses_, at->second.use);
      Answer out = aged(at->second.answer, now - at->second.kept);
      out.question = std::move(question);  // in the case in which it was asked
      co_return out;
    }
    drop(at);
  }
  ++misses_;
  Answer answer = co_await below_.ask(std::move(question), deadline);
  if (answer || answer.absent()) keep(answer, clock.steady());
  co_return answer;
}

void CachingResolver::keep(const Answer& answer, Steady now) {
  const std::uint32_t ttl = std::min(answer.ttl, answer ? limits_.ttl : limits_.negative_ttl);
  if (ttl == 0 || limits_.answers == 0) return;
  // Somebody else may have asked the same meanwhile.
  if (const auto at = entries_.find(answer.question); at != entries_.end()) drop(at);
  if (entries_.size() >= limits_.answers) drop(entries_.find(*uses_.back()));
  const auto at = entries_.try_emplace(answer.question).first;
  uses_.push_front(&at->first);
  at->second = {answer, now, now + std::chrono::seconds(ttl), uses_.begin()};
}

void CachingResolver::drop(Entries::iterator at) {
  uses_.erase(at->second.use);
  entries_.erase(at);
}

}  // namespace chappe::dns
