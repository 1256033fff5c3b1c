#include "dns/cache.h"

#include <gtest/gtest.h>

#include <atomic>

#include "dns/test_world.h"

using namespace std::chrono_literals;

namespace chappe::dns {
namespace {

constexpr std::string_view kZone = R"(
$ORIGIN example.org.
@     3600 SOA ns1 hostmaster 1 2h 1h 2w 5m
a     100  A   192.0.2.1
b     100  A   192.0.2.2
c     100  A   192.0.2.3
www   200  CNAME a
long  30w  A   192.0.2.4
zero  0    A   192.0.2.5
$SERVFAIL broken
)";

struct World : TestWorld {
  explicit World(CacheLimits limits = {}) : cache(*zone, limits) {}
  Answer ask(std::string_view owner, Type type = Type::a) { return TestWorld::ask(cache, owner, type); }
  std::unique_ptr<ZoneResolver> zone = zone_resolver(kZone);
  CachingResolver cache;
};

TEST(Cache, KeepsForTheTtl) {
  World w;
  EXPECT_EQ(w.ask("www.example.org").ttl, 100u);
  w.clock.advance(40s);
  const Answer again = w.ask("WWW.example.org");
  EXPECT_EQ(w.cache.hits(), 1u);
  EXPECT_EQ(again.ttl, 60u);
  EXPECT_EQ(again.records.ttl, 60u);
  EXPECT_EQ(again.chain.at(0).ttl, 160u);
  EXPECT_EQ(again.question.name.text(), "WWW.example.org.");
  w.clock.advance(60s);
  EXPECT_EQ(w.ask("www.example.org").ttl, 100u);
  EXPECT_EQ(w.cache.hits(), 1u);
}

TEST(Cache, NegativeAnswersAsTheSoaSays) {
  World w;
  EXPECT_EQ(w.ask("nothing.example.org").outcome, Outcome::nxdomain);
  w.clock.advance(299s);
  EXPECT_EQ(w.ask("nothing.example.org").outcome, Outcome::nxdomain);
  EXPECT_EQ(w.cache.hits(), 1u);
  w.clock.advance(1s);
  w.ask("nothing.example.org");
  EXPECT_EQ(w.cache.hits(), 1u);
}

TEST(Cache, FailuresAndTtlZeroAreNotKept) {
  World w;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(w.ask("broken.example.org").outcome, Outcome::servfail);
    EXPECT_EQ(w.ask("zero.example.org").outcome, Outcome::answer);
  }
  EXPECT_EQ(w.cache.hits(), 0u);
  EXPECT_EQ(w.cache.size(), 0u);
}

TEST(Cache, IsBounded) {
  World w({.answers = 2});
  w.ask("a.example.org");
  w.ask("b.example.org");
  w.ask("a.example.org");
  w.ask("c.example.org");
  EXPECT_EQ(w.cache.size(), 2u);
  w.ask("a.example.org");
  EXPECT_EQ(w.cache.hits(), 2u) << "b went, which was not asked for longest";
  w.ask("b.example.org");
  EXPECT_EQ(w.cache.hits(), 2u);
}

TEST(Cache, IsBoundedInOctetsToo) {
  TestWorld w;
  const auto zone = zone_resolver(fmt::format(
      "$TTL 60\nbig. TXT {0}\nbigger. TXT {0} {0} {0} {0} {0}\nsmall. A 192.0.2.1\n", std::string(3000, 'x')));
  CachingResolver cache(*zone, {.octets = 8'000});
  w.ask(cache, "bigger", Type::txt);
  EXPECT_EQ(cache.size(), 0u) << "larger than all that may be kept";
  w.ask(cache, "small", Type::a);
  w.ask(cache, "big", Type::txt);
  EXPECT_EQ(cache.size(), 2u);
  w.ask(cache, "big", Type::a);
  for (int i = 0; i < 3; ++i) w.ask(cache, "big", Type::txt);
  EXPECT_EQ(cache.hits(), 3u);
}

TEST(Cache, NothingIsKeptTooLong) {
  World w({.ttl = 1000});
  w.ask("long.example.org");
  w.clock.advance(1000s);
  w.ask("long.example.org");
  EXPECT_EQ(w.cache.hits(), 0u);
}

// Counts what reaches it, on any thread.
class Counting final : public Resolver {
 public:
  net::Task<Answer> ask(Question question, net::Deadline) override {
    ++asked;
    Answer out = without_records(question, question.type == Type::mx ? Outcome::bogus : Outcome::nodata);
    out.ttl = 300;
    co_return out;
  }
  std::atomic<int> asked = 0;
};

net::Task<Outcome> ask_twice(Resolver* resolver, Type type) {
  (void)co_await resolver->ask({name("a.example.org"), type}, net::Deadline::in(5s));
  const Answer answer = co_await resolver->ask({name("a.example.org"), type}, net::Deadline::in(5s));
  co_return answer.outcome;
}

TEST(Cache, EachShardHasItsOwn) {
  net::Shards shards(2), others(1);
  Counting below;
  {
    ShardCaches caches(below, shards);
    for (std::size_t i : {0u, 1u}) EXPECT_EQ(run_on(shards.at(i), ask_twice(&caches, Type::a)), Outcome::nodata);
    EXPECT_EQ(below.asked, 2);
    // What has failed is asked for again.
    EXPECT_EQ(run_on(shards.at(0), ask_twice(&caches, Type::mx)), Outcome::bogus);
    EXPECT_EQ(below.asked, 4);
    // Whoever is no shard of these has no cache.
    (void)net::run(ask_twice(&caches, Type::a));
    (void)run_on(others.at(0), ask_twice(&caches, Type::a));
    EXPECT_EQ(below.asked, 8);
    shards.stop();
  }
  others.stop();
}

}  // namespace
}  // namespace chappe::dns
