// Remembers what another resolver answers, as long as the answers allow: positive ones for their TTL, negative ones as
// their SOA says (RFC 2308 §5). Failures are not remembered. Bounded; who was not asked for longest goes first.
//
// Belongs to one executor: each shard has its own.
#pragma once

#include <list>
#include <map>

#include "dns/resolver.h"

namespace chappe::dns {

struct CacheLimits {
  std::size_t answers = 10'000;
  std::size_t octets = 16 * 1024 * 1024;  // of all answers together; they are of any size
  std::uint32_t ttl = 86'400;             // seconds, at most
  std::uint32_t negative_ttl = 3'600;     // RFC 2308 §5 advises one to three hours
};

class CachingResolver final : public Resolver {
 public:
  // `below` must outlive it.
  explicit CachingResolver(Resolver& below, CacheLimits limits = {}) : below_(below), limits_(limits) {}

  // Answers from the cache have the TTLs that are left.
  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

  std::size_t size() const { return entries_.size(); }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    Answer answer;
    Steady kept, expires;
    std::size_t octets = 0;
    std::list<const Question*>::iterator use;
  };
  using Entries = std::map<Question, Entry>;

  void keep(const Answer& answer, Steady now);
  void drop(Entries::iterator at);

  Resolver& below_;
  CacheLimits limits_;
  Entries entries_;
  std::list<const Question*> uses_;  // the latest first
  std::size_t octets_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0;
};

}  // namespace chappe::dns
