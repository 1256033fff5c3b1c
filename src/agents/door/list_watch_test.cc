#include "agents/door/list_watch.h"

#include <gtest/gtest.h>

namespace chappe::agents {
namespace {

using trust::ListingState;

class Lines final : public LogSink {
 public:
  explicit Lines(std::string* to) : to_(to) {}
  void write(std::string_view lines) override { *to_ += lines; }

 private:
  std::string* to_;
};

trust::SenderListing answered(ListingState one, ListingState two) {
  trust::SenderListing out;
  out.rules = {{{.name = "one", .zone = "one.example"}}, {{.name = "two", .zone = "two.example"}}};
  out.findings.resize(2);
  out.findings[0].listing.state = one;
  out.findings[1].listing.list = 1;
  out.findings[1].listing.state = two;
  return out;
}

TEST(ListWatch, ErrorsAreCountedAndToldOnceAnHour) {
  std::string told;
  Metrics metrics;
  {
    ManualClock clock;
    Log log(std::make_unique<Lines>(&told), {}, clock);
    ListWatch watch(metrics, answered({}, {}).rules);
    const Steady now(std::chrono::hours(5));
    watch.note(log, now, answered(ListingState::listed, ListingState::not_listed));
    for (int i = 0; i < 3; ++i)
      watch.note(log, now + std::chrono::minutes(i), answered(ListingState::refused, ListingState::not_listed));
    watch.note(log, now + ListWatch::kPause, answered(ListingState::lookup_failed, ListingState::refused));
  }
  std::vector<std::string> lines;
  for (std::size_t at = told.find("mx.list_unusable"); at != told.npos; at = told.find("mx.list_unusable", at + 1))
    lines.push_back(told.substr(at, told.find('\n', at) - at));
  ASSERT_EQ(lines.size(), 3u) << told;
  EXPECT_NE(lines[0].find("list=one state=refused times=1"), std::string::npos) << told;
  EXPECT_NE(lines[1].find("list=one state=lookup-failed times=3"), std::string::npos) << told;
  EXPECT_NE(lines[2].find("list=two state=refused times=1"), std::string::npos) << told;
  const std::string counted = metrics.expose();
  EXPECT_NE(counted.find("chappe_list_answers_total{list=\"one\",state=\"refused\"} 3\n"), std::string::npos)
      << counted;
  EXPECT_NE(counted.find("chappe_list_answers_total{list=\"one\",state=\"listed\"} 1\n"), std::string::npos) << counted;
}

}  // namespace
}  // namespace chappe::agents
