// What the tests of resolvers share: an executor with a clock that stands still, and short ways to ask.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "dns/zone_resolver.h"

namespace chappe::dns {

inline Name name(std::string_view text) { return Name::parse(text).value(); }

inline Record record(std::string_view owner, Type type, std::string_view rdata, std::uint32_t ttl = 300) {
  return {name(owner), type, ttl, rdata_from_text(type, rdata).value()};
}

class TestWorld {
 public:
  TestWorld() : executor(clock) {}

  Answer ask(Resolver& resolver, std::string_view owner, Type type, Duration limit = std::chrono::seconds(5)) {
    return executor.run(ask_within(&resolver, {name(owner), type}, limit));
  }

  ManualClock clock;
  net::LocalExecutor executor;

 private:
  static net::Task<Answer> ask_within(Resolver* resolver, Question question, Duration limit) {
    co_return co_await resolver->ask(std::move(question), net::Deadline::in(limit));
  }
};

inline std::unique_ptr<ZoneResolver> zone_resolver(std::string_view text) {
  auto made = ZoneResolver::from_text(text);
  EXPECT_TRUE(made) << (made ? "" : made.error().text());
  return made ? std::move(*made) : nullptr;
}

}  // namespace chappe::dns
