#include "app/trust/asked_about.h"

#include <gmock/gmock.h>

namespace chappe::app {
namespace {

TEST(AskedAbout, AClientIsAnIpAddress) {
  for (const auto* good : {"192.0.2.1", "2001:db8::1"}) EXPECT_TRUE(client_named("--ip", good)) << good;
  for (const auto* bad : {"", "1.2.3", "banana", "192.0.2.256", "[192.0.2.1]", "192.0.2.0/24"}) {
    const auto got = client_named("--ip", bad);
    ASSERT_FALSE(got) << bad;
    EXPECT_EQ(got.error().code(), Errc::usage);
  }
}

TEST(AskedAbout, ASenderIsAnAddressOrNobody) {
  for (const auto& [text, sender] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"a@b.example", "a@b.example"},
                                                                            {"<a@b.example>", "a@b.example"},
                                                                            {"<>", ""},
                                                                            {"", ""},
                                                                            {"a@[192.0.2.1]", "a@[192.0.2.1]"},
                                                                            {"\"a b\"@b.example", "\"a b\"@b.example"},
                                                                            {"ü@bücher.example", "ü@bücher.example"}})
    EXPECT_EQ(sender_named("--from", text).value_or("refused"), sender) << text;
  for (const auto* bad :
       {"bob", "@b.example", "a@", "a@b..example", "a b@c.example", "<a@b.example", "a@b c", "Al <a@b.c>"})
    EXPECT_FALSE(sender_named("--from", bad)) << bad;
}

TEST(AskedAbout, AListIsConfiguredOrAZone) {
  Config::Mx config;
  config.dns_lists.push_back({.zone = "key.zen.example.net", .name = "zen", .codes = {}});
  EXPECT_EQ(list_named(config, "ZEN").value().list.zone, "key.zen.example.net");
  EXPECT_EQ(list_named(config, "other.example").value().list.zone, "other.example");
  for (const auto* bad : {"bad zone", "zem", "a..b", ""}) EXPECT_FALSE(list_named(config, bad)) << bad;
  EXPECT_THAT(list_named(config, "zem").error().text(), testing::HasSubstr("did you mean 'zen'?"));
}

TEST(AskedAbout, AListThatNobodyKnowsAndThatSaysNothingIsDoubtful) {
  Config::Mx config;
  config.dns_lists.push_back({.zone = "key.zen.example.net", .name = "zen", .codes = {}});
  trust::SenderListing found;
  found.rules = {list_named(config, "zen").value(), list_named(config, "other.example").value()};
  const auto say = [&](std::size_t list, trust::ListingState state) {
    trust::ListFinding finding;
    finding.listing.list = list;
    finding.listing.state = state;
    found.findings.push_back(std::move(finding));
  };
  say(0, trust::ListingState::not_listed);
  say(1, trust::ListingState::not_listed);
  ASSERT_TRUE(doubtful_list(config, found));
  EXPECT_EQ(doubtful_list(config, found)->list.zone, "other.example");
  say(1, trust::ListingState::listed);
  EXPECT_FALSE(doubtful_list(config, found));
}

}  // namespace
}  // namespace chappe::app
