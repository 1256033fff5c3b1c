#include "agents/control/queue_filter.h"

#include <gtest/gtest.h>

namespace chappe::agents::control {
namespace {

post::QueueEntry entry() {
  post::QueueEntry out;
  out.sender = "alice@example.org";
  out.recipient = "Bob@Example.NET";
  out.state = post::QueueState::held;
  out.last_error = "451 4.7.1 Come back later";
  return out;
}

bool meant(std::vector<std::string> conditions) { return QueueFilter::parse(conditions)->matches(entry()); }

TEST(QueueFilter, AllConditionsMustHold) {
  EXPECT_TRUE(meant({}));
  EXPECT_TRUE(meant({"to=bob@example.net"}));
  EXPECT_TRUE(meant({"domain=example.net", "from=*@example.org", "state=held", "error=*4.7.1*"}));
  EXPECT_FALSE(meant({"domain=example.net", "state=waiting"}));
  EXPECT_FALSE(meant({"domain=example"}));
  EXPECT_FALSE(meant({"from="}));
}

TEST(QueueFilter, AStarStandsForAnything) {
  for (const char* good : {"error=*", "error=451*", "error=*later", "error=4*1*back*", "error=**l*r", "letter=0*0"})
    EXPECT_TRUE(meant({good})) << good;
  for (const char* bad : {"error=*x*", "error=later*", "error=*451", "error=4*1*back*later*!"})
    EXPECT_FALSE(meant({bad})) << bad;
  auto long_one = entry();
  long_one.last_error = std::string(100'000, 'a');
  std::string pattern = "error=";
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(QueueFilter::parse({pattern + "b"})->matches(long_one)) << "and at once";
}

TEST(QueueFilter, SaysWhatIsWrong) {
  EXPECT_EQ(QueueFilter::parse({"to"}).error().code(), Errc::invalid);
  EXPECT_EQ(QueueFilter::parse({"age=1"}).error().code(), Errc::invalid);
}

}  // namespace
}  // namespace chappe::agents::control
