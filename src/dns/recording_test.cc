#include "dns/recording.h"

#include <gtest/gtest.h>

#include "dns/test_world.h"

using namespace std::chrono_literals;

namespace chappe::dns {
namespace {

constexpr std::string_view kZone = R"(
$ORIGIN example.org.
@     3600 SOA ns1 hostmaster 1 2h 1h 2w 5m
      300  MX  10 mail
      300  MX  20 mail2
www   200  CNAME mail
mail  100  A   192.0.2.1
txt   300  TXT "a;b \" c" "d"
$SECURE  example.org.
$BOGUS   forged
$TIMEOUT dead
$DELAY   200ms txt
)";

constexpr std::string_view kText = R"(question example.org. MX
outcome answer secure 300
record example.org. 300 MX 10 mail.example.org.
record example.org. 300 MX 20 mail2.example.org.
took 0

question dead.example.org. A
outcome timeout indeterminate 0
why "the zone text says so"
took 5000000

question nothing.example.org. A
outcome nxdomain secure 300
took 0

question txt.example.org. TXT
outcome answer secure 300
record txt.example.org. 300 TXT "a;b \" c" "d"
took 200000

question www.example.org. A
outcome answer secure 100
alias www.example.org. 200 CNAME mail.example.org.
record mail.example.org. 100 A 192.0.2.1
took 0

)";

const std::pair<std::string_view, Type> kQuestions[] = {{"example.org", Type::mx},
                                                        {"www.example.org", Type::a},
                                                        {"txt.example.org", Type::txt},
                                                        {"nothing.example.org", Type::a},
                                                        {"dead.example.org", Type::a}};

TEST(Recording, IsWrittenAndReplayed) {
  TestWorld w;
  const auto zone = zone_resolver(kZone);
  RecordingResolver recorder(*zone);
  for (const auto& [owner, type] : kQuestions) w.ask(recorder, owner, type);
  EXPECT_EQ(recorder.recording().text(), kText);

  auto read = Recording::parse(kText);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->text(), kText);
  ReplayResolver replay(std::move(*read));
  for (const auto& [owner, type] : kQuestions) {
    const Answer then = w.ask(*zone, owner, type), now = w.ask(replay, owner, type);
    EXPECT_EQ(now.outcome, then.outcome) << owner;
    EXPECT_EQ(now.security, then.security) << owner;
    EXPECT_EQ(now.canonical, then.canonical) << owner;
    EXPECT_EQ(now.records.rdata, then.records.rdata) << owner;
    EXPECT_EQ(now.ttl, then.ttl) << owner;
    EXPECT_EQ(now.why, then.why) << owner;
  }
}

TEST(Recording, WhatIsNotInItIsServfail) {
  TestWorld w;
  ReplayResolver replay(*Recording::parse(kText));
  const Answer a = w.ask(replay, "example.org", Type::txt);
  EXPECT_EQ(a.outcome, Outcome::servfail);
  EXPECT_EQ(a.why, "the recording does not have example.org. TXT");
}

TEST(Recording, AnswersCanTakeAsLongAsTheyTook) {
  TestWorld w;
  ReplayResolver replay(*Recording::parse(kText), true);
  const Steady before = w.clock.steady();
  EXPECT_EQ(w.ask(replay, "txt.example.org", Type::txt).outcome, Outcome::answer);
  EXPECT_EQ(w.clock.steady() - before, 200ms);
  EXPECT_EQ(w.ask(replay, "txt.example.org", Type::txt, 100ms).outcome, Outcome::timeout);
  EXPECT_EQ(w.ask(replay, "dead.example.org", Type::a, 100ms).outcome, Outcome::timeout);
}

TEST(Recording, ErrorsSayWhere) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"outcome answer secure 1\n", "f:1: the first line is \"question NAME TYPE\""},
      {"question a.\n", "f:1: question takes a name and a type"},
      {"question a. XYZ\n", "f:1: no such type: XYZ"},
      {"question a. A\noutcome good secure 1\n", "f:2: outcome takes one of"},
      {"question a. A\nrecord b. 1 A 192.0.2.1\n", "f:2: this record is not what was asked for at a."},
      {"question a. A\nalias a. 1 A 192.0.2.1\n", "f:2: an alias is the CNAME of a., before the records"},
      {"question a. A\nrecord a. 1 A 192.0.2\n", "f:2: 192.0.2 is no IPv4 address"},
      {"question a. A\noutcome answer secure 1\n", "f:3: outcome and records of a. A do not fit"},
      {"question a. A\nblah\n", "f:2: blah is not known"},
  };
  for (const auto& [text, why] : rows) {
    const auto read = Recording::parse(text, "f");
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(read.error().text().starts_with(why)) << read.error().text();
  }
}

}  // namespace
}  // namespace chappe::dns
