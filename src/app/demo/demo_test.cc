// What of the demo is pure: the table, the lines, the score-card, the zones. The rest is tests/demo/demo_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "app/admin_print.h"
#include "app/demo/card.h"
#include "app/demo/zones.h"
#include "base/text.h"
#include "codec/json.h"
#include "dns/zone.h"
#include "dns/zone_file.h"

namespace chappe::app::demo {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Demo, EveryRowOfTheTableIsWhole) {
  EXPECT_GE(scenarios().size(), 28u);
  std::set<std::string_view> names;
  for (const Scenario& s : scenarios()) {
    EXPECT_TRUE(names.insert(s.name).second) << s.name << " stands twice";
    EXPECT_FALSE(s.title.en.empty() || s.title.fr.empty() || s.expected.en.empty() || s.expected.fr.empty()) << s.name;
    EXPECT_TRUE(s.run && s.sabotage) << s.name;
  }
}

TEST(Demo, LinesAreBrokenAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 9, "  "), "  one two\n  three\n");
  EXPECT_EQ(wrapped("élève été", 7, "  "), "  élève été\n") << "an indent leaves ten columns at least";
  EXPECT_EQ(wrapped("une élève d'été", 14, "  "), "  une élève\n  d'été\n") << "characters are counted, not octets";
  EXPECT_EQ(wrapped("abcdefghijklmnop", 12, "  "), "  abcdefghij\n  klmnop\n");
  EXPECT_EQ(wrapped("", 80, "  "), "");
  EXPECT_EQ(fitted("été", 3), "été");
  EXPECT_EQ(fitted("étés", 3), "ét…");
}

TEST(Demo, TheScoreCardIsStraight) {
  std::vector<Outcome> outcomes;
  for (const Scenario& s : scenarios())
    outcomes.push_back({&s, "seen", outcomes.size() % 2 == 0, static_cast<std::int64_t>(outcomes.size() * 137)});
  for (const bool french : {false, true}) {
    const std::string card = score_card(Teller(Teller::Voice::plain, french), outcomes);
    std::set<std::size_t> widths;
    for (const auto line : split(std::string_view(card).substr(0, card.size() - 1), '\n')) widths.insert(width(line));
    EXPECT_EQ(widths.size(), 1u) << card;
  }
}

TEST(Demo, TheDocumentHoldsWhatWasSeen) {
  const Scenario& first = scenarios().front();
  const std::string text =
      outcomes_json(Teller(Teller::Voice::silent, false), Mode::ports, "refused",
                    {{&first, "something else", false, 7, {{"SPF", "fail: -all", "RFC 7208 §5.1"}}}}, 9);
  const auto document = codec::json::parse(text);
  ASSERT_TRUE(document) << text;
  EXPECT_EQ(*document->get_string("mode"), "ports");
  EXPECT_EQ(*document->get_string("why"), "refused");
  const auto& row = document->find("scenarios")->items().at(0);
  EXPECT_EQ(*row.get_string("name"), first.name);
  EXPECT_EQ(*row.get_string("expected"), first.expected.en);
  EXPECT_EQ(*row.get_string("seen"), "something else");
  EXPECT_FALSE(*row.get_bool("passed"));
  const auto& evidence = row.find("evidence")->items().at(0);
  EXPECT_EQ(*evidence.get_string("of"), "SPF");
  EXPECT_EQ(*evidence.get_string("text"), "fail: -all");
  EXPECT_EQ(*evidence.get_string("rule"), "RFC 7208 §5.1");
  EXPECT_EQ(*document->get_int("failed"), 1);
}

TEST(Demo, ThePlanHasAllThatItNames) {
  Plan plan = standard_plan();
  std::set<std::string> addresses;
  for (const OrgPlan& org : plan.orgs) {
    for (const Actor part : {Actor::msa, Actor::mta, Actor::mx, Actor::mda}) EXPECT_TRUE(org.host(part).plays(part));
    for (const HostPlan& host : org.hosts) EXPECT_TRUE(addresses.insert(host.address).second) << host.name;
  }
  for (const ZonePlan& zone : plan.zones) EXPECT_EQ(zone.parent.empty(), zone.apex == ".") << zone.apex;
}

TEST(Demo, TheZonesAreSignedFromTheRootDown) {
  std::string dir = (std::filesystem::temp_directory_path() / "chappe-zones-XXXXXX").string();
  ASSERT_TRUE(mkdtemp(dir.data()));
  const auto written = write_zones(standard_plan(), dir);
  ASSERT_TRUE(written) << written.error().text();
  std::size_t zones = 0;
  for (const NameServerFiles& server : written->servers) {
    for (const std::string& file : server.files) {
      const auto read = dns::read_zone_file(file);
      ASSERT_TRUE(read) << read.error().text();
      const auto zone = dns::Zone::make(read->records);
      ASSERT_TRUE(zone) << zone.error().text();
      EXPECT_TRUE(zone->is_signed()) << file;
      ++zones;
    }
  }
  EXPECT_EQ(zones, standard_plan().zones.size());
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace chappe::app::demo
