#include "dns/cache.h"

#include <algorithm>
#include <utility>

namespace chappe::dns {
namespace {

void age(Answer& answer, Duration by) {
  const auto seconds = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(by).count());
  const auto take = [&](std::uint32_t& ttl) { ttl -= std::min(ttl, seconds); };
  take(answer.ttl);
  take(answer.records.ttl);
  for (Record& alias : answer.chain) take(alias.ttl);
}

// Roughly what an answer takes in memory.
std::size_t size_of(const Answer& answer) {
  constexpr std::size_t kEach = 100;
  std::size_t out = sizeof answer + kEach;
  for (const Bytes& rdata : answer.records.rdata) out += rdata.size() + kEach;
  for (const Record& alias : answer.chain) out += alias.rdata.size() + kEach;
  return out;
}

}  // namespace

net::Task<Answer> CachingResolver::ask(Question question, net::Deadline deadline) {
  const Clock& clock = net::Executor::current()->clock();
  if (const auto at = entries_.find(question); at != entries_.end()) {
    const Steady now = clock.steady();
    if (now < at->second.expires) {
      ++hits_;
      uses_.splice(uses_.begin(), uses_, at->second.use);
      Answer out = at->second.answer;
      age(out, now - at->second.kept);
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
  const std::size_t octets = size_of(answer);
  if (ttl == 0 || limits_.answers == 0 || octets > limits_.octets) return;
  // Somebody else may have asked the same meanwhile.
  if (const auto at = entries_.find(answer.question); at != entries_.end()) drop(at);
  while (entries_.size() >= limits_.answers || octets_ + octets > limits_.octets) drop(entries_.find(*uses_.back()));
  const auto at = entries_.try_emplace(answer.question).first;
  uses_.push_front(&at->first);
  at->second = {answer, now, now + std::chrono::seconds(ttl), octets, uses_.begin()};
  at->second.answer.question = {};
  octets_ += octets;
}

void CachingResolver::drop(Entries::iterator at) {
  octets_ -= at->second.octets;
  uses_.erase(at->second.use);
  entries_.erase(at);
}

ShardCaches::ShardCaches(Resolver& below, net::Shards& shards, CacheLimits limits) : below_(below), shards_(shards) {
  limits.answers /= shards.size();
  limits.octets /= shards.size();
  for (std::size_t i = 0; i < shards.size(); ++i) caches_.push_back(std::make_unique<CachingResolver>(below, limits));
}

net::Task<Answer> ShardCaches::ask(Question question, net::Deadline deadline) {
  const net::Shard* here = net::Shard::current();
  const bool ours = here && here->index() < shards_.size() && &shards_.at(here->index()) == here;
  Resolver& resolver = ours ? static_cast<Resolver&>(*caches_[here->index()]) : below_;
  co_return co_await resolver.ask(std::move(question), deadline);
}

}  // namespace chappe::dns
