#include "dns/counting.h"

#include <gtest/gtest.h>

#include "dns/zone_resolver.h"

namespace chappe::dns {
namespace {

net::Task<void> ask(Resolver* resolver, const char* name) {
  (void)co_await resolver->ask({*Name::parse(name), Type::a}, net::Deadline::in(std::chrono::seconds(5)));
}

TEST(CountingResolver, CountsByOutcome) {
  const auto zone = std::move(*ZoneResolver::from_text("a.test. 60 A 192.0.2.1\n$BOGUS b.test.\n"));
  Metrics metrics;
  CountingResolver counting(*zone, metrics);
  net::LocalExecutor executor;
  for (const char* name : {"a.test", "a.test", "b.test", "c.test"}) executor.run(ask(&counting, name));
  const std::string text = metrics.expose();
  EXPECT_NE(text.find("chappe_dns_answers_total{outcome=\"answer\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("chappe_dns_answers_total{outcome=\"bogus\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("chappe_dns_answers_total{outcome=\"nxdomain\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("chappe_dns_answers_total{outcome=\"timeout\"} 0\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace chappe::dns
