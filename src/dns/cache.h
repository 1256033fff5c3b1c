// Remembers what another resolver answers, as long as the answers allow: positive ones for their TTL, negative ones as
// their SOA says (RFC 2308 §5). Failures are not remembered. Bounded; who was not asked for longest goes first.
//
// A CachingResolver belongs to one executor. ShardCaches has one for each shard, so that a question whose answer is
// known takes no lock and no other thread (docs/decisions/0009-resolver.md has the figures).
#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "dns/question_hash.h"
#include "dns/resolver.h"
#include "net/shard.h"

namespace chappe::dns {

struct CacheLimits {
  std::size_t answers = 10'000;
  std::size_t octets = 16 * 1024 * 1024;  // of all answers together; they are of any size
  std::uint32_t ttl = 86'400;             // seconds, at most
  std::uint32_t negative_ttl = 3'600;     // RFC 2308 §5 advises one to three hours
};

class CachingResolver final : public Resolver {
 public:
  // `below` must outlive it. `random` gives the secret of the hash.
  explicit CachingResolver(Resolver& below, CacheLimits limits = {}, Random& random = system_random())
      : below_(below), limits_(limits), entries_(0, QuestionHash(random)) {}

  // Answers from the cache have the TTLs that are left.
  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

  std::size_t size() const { return entries_.size(); }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    Answer answer;  // without its question, which is the key
    Steady kept, expires;
    std::size_t octets = 0;
    std::list<const Question*>::iterator use;
  };
  using Entries = std::unordered_map<Question, Entry, QuestionHash>;

  void keep(const Answer& answer, Steady now);
  void drop(Entries::iterator at);

  Resolver& below_;
  CacheLimits limits_;
  Entries entries_;
  std::list<const Question*> uses_;  // the latest first
  std::size_t octets_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0;
};

// Asked on any shard of `shards`, which, like `below`, must outlive it; elsewhere it passes questions on. Destroyed
// once the shards have stopped.
class ShardCaches final : public Resolver {
 public:
  // `limits` are those of all caches together; each may keep its part.
  ShardCaches(Resolver& below, net::Shards& shards, CacheLimits limits = {});

  net::Task<Answer> ask(Question question, net::Deadline deadline) override;

 private:
  Resolver& below_;
  net::Shards& shards_;
  std::vector<std::unique_ptr<CachingResolver>> caches_;
};

}  // namespace chappe::dns
