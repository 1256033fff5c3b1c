#include "post/reputation/types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "post/reputation/record.h"

namespace chappe::post {
namespace {

using std::chrono::hours;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr Duration kHalfLife = hours(24);
constexpr Time kNow{1'700'000'000'000'000};

std::string network(std::string_view ip) { return network_of(ip).value_or(Identity()).name; }

TEST(ReputationIdentity, NetworksAreTheSmallestThatAreRouted) {
  EXPECT_EQ(network("192.0.2.77"), "192.0.2.0/24");
  EXPECT_EQ(network("192.0.3.0"), "192.0.3.0/24");
  EXPECT_EQ(network("255.255.255.255"), "255.255.255.0/24");
  EXPECT_EQ(network("::ffff:192.0.2.77"), "192.0.2.0/24");
  EXPECT_EQ(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
  EXPECT_EQ(network("2001:db8:1:ffff::"), "2001:db8:1::/48");
  EXPECT_EQ(network("2001:db8:2::"), "2001:db8:2::/48");
  EXPECT_FALSE(network_of(""));
  EXPECT_FALSE(network_of("/run/socket"));
}

TEST(ReputationIdentity, PeopleNameThemAsTheyLike) {
  EXPECT_THAT(identities_named("192.0.2.7").value(), ElementsAre(Identity{IdentityKind::network, "192.0.2.0/24"}));
  EXPECT_THAT(identities_named("192.0.2.0/24").value(), ElementsAre(Identity{IdentityKind::network, "192.0.2.0/24"}));
  EXPECT_EQ(identities_named("192.0.2.0/16").error().code(), Errc::invalid) << "no row is of that size";
  EXPECT_THAT(identities_named("Bücher.Example").value(),
              ElementsAre(Identity{IdentityKind::dkim, "xn--bcher-kva.example"},
                          Identity{IdentityKind::mail_from, "xn--bcher-kva.example"},
                          Identity{IdentityKind::author, "xn--bcher-kva.example"}));
  EXPECT_FALSE(identities_named("a b"));
  EXPECT_FALSE(identities_named(""));
  for (const char* kind : {"network", "dkim", "mail-from", "author"})
    EXPECT_EQ(identity_kind_name(parse_identity_kind(kind).value()), kind);
  EXPECT_FALSE(parse_identity_kind("helo"));
}

Remembered row(double accepted) {
  Remembered out{.at = kNow, .first = kNow, .last = kNow, .tallies = {}};
  out.tallies[Tally::accepted] = accepted;
  return out;
}

TEST(ReputationFading, HalfIsGoneAfterAHalfLife) {
  Remembered r = row(8);
  r.fade(kNow + kHalfLife, kHalfLife);
  EXPECT_DOUBLE_EQ(r.tallies[Tally::accepted], 4);
  r.fade(kNow + kHalfLife * 3, kHalfLife);
  EXPECT_DOUBLE_EQ(r.tallies[Tally::accepted], 1);
  EXPECT_EQ(r.first, kNow) << "when it came is no tally";
}

TEST(ReputationFading, ManySmallStepsAreAsOneLarge) {
  Remembered often = row(8);
  for (int i = 1; i <= 17'280; ++i) often.fade(kNow + std::chrono::seconds(5) * i, kHalfLife);  // a day of writings
  EXPECT_THAT(often.tallies[Tally::accepted], DoubleNear(4, 1e-9));
  // And through the store each time.
  Remembered stored = row(0.5);
  for (int i = 1; i <= 1000; ++i) {
    stored.fade(kNow + std::chrono::seconds(5) * i, kHalfLife);
    stored = records::decode_remembered(records::encode(stored)).value();
  }
  EXPECT_THAT(stored.tallies[Tally::accepted], DoubleNear(0.5 * std::exp2(-5000.0 / 86'400), 1e-9));
}

TEST(ReputationFading, AClockThatJumpsBackForgetsNothing) {
  Remembered r = row(8);
  r.fade(Time{0}, kHalfLife);
  EXPECT_DOUBLE_EQ(r.tallies[Tally::accepted], 8);
  EXPECT_EQ(r.at, kNow);
  r.fade(kNow + kHalfLife, kHalfLife);
  EXPECT_DOUBLE_EQ(r.tallies[Tally::accepted], 4) << "once for the time that passed, not from 1970 on";
}

TEST(ReputationFading, WhatIsOldBecomesNothing) {
  Remembered r = row(1000);
  r.fade(kNow + kHalfLife * 60, kHalfLife);
  EXPECT_EQ(r.tallies[Tally::accepted], 0);
  r = row(1e15);
  r.fade(Time{INT64_MAX}, Duration(1));
  EXPECT_EQ(r.tallies[Tally::accepted], 0);
}

Standing standing(double good, double bad) {
  Standing out;
  out.remembered.tallies[Tally::accepted] = good;
  out.remembered.tallies[Tally::refused] = bad;
  return out;
}

TEST(ReputationScore, IsTheMeanOfABetaDistribution) {
  EXPECT_DOUBLE_EQ(standing(0, 0).score(), 0.5);
  EXPECT_DOUBLE_EQ(standing(1, 0).score(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(standing(0, 1).score(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(standing(98, 0).score(), 0.99);
  EXPECT_DOUBLE_EQ(standing(3, 3).score(), 0.5);
}

TEST(ReputationScore, ConfidenceGrowsWithWhatIsKnown) {
  EXPECT_DOUBLE_EQ(standing(0, 0).confidence(), 0);
  // Beta(2, 1): variance 2 / (9 * 4) = 1/18, against 1/12 of the start.
  EXPECT_DOUBLE_EQ(standing(1, 0).confidence(), 1 - std::sqrt(12.0 / 18));
  EXPECT_DOUBLE_EQ(standing(0, 1).confidence(), standing(1, 0).confidence());
  EXPECT_THAT(standing(10, 0).confidence(), DoubleNear(0.73, 0.005));
  EXPECT_THAT(standing(100, 0).confidence(), DoubleNear(0.97, 0.005));
  EXPECT_LT(standing(5, 5).confidence(), standing(10, 0).confidence()) << "opinions that differ say less";
  for (double n = 1; n < 1e12; n *= 7) {
    EXPECT_GT(standing(n * 7, 0).confidence(), standing(n, 0).confidence());
    EXPECT_LT(standing(n, 0).confidence(), 1);
  }
}

TEST(ReputationScore, ALetterCountsAsItLiesNow) {
  Standing s = standing(10, 0);
  s.remembered.tallies[Tally::spam] = 4;
  EXPECT_DOUBLE_EQ(s.remembered.tallies.good(), 6);
  EXPECT_DOUBLE_EQ(s.remembered.tallies.bad(), 4);
  s.remembered.tallies[Tally::ham] = 4;  // and back again
  EXPECT_DOUBLE_EQ(s.score(), standing(10, 0).score());
  s.remembered.tallies[Tally::spam] = 400;  // a letter to many, or an old one
  EXPECT_GE(s.remembered.tallies.good(), 0);
  EXPECT_LT(s.score(), 0.01);
  s.remembered.tallies[Tally::deferred] = 1000;
  EXPECT_LT(s.score(), 0.01) << "what was deferred speaks for nothing";
  EXPECT_DOUBLE_EQ(s.remembered.tallies.letters(), 1010);
}

TEST(ReputationRecord, ComesBackAsItWas) {
  Remembered r = row(3.25);
  r.last = kNow + hours(1);
  r.tallies[Tally::temperror] = 1e-5;
  const Bytes bytes = records::encode(r);
  EXPECT_EQ(records::decode_remembered(bytes).value(), r);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(records::decode_remembered(bytes.substr(0, n))) << n;
  EXPECT_FALSE(records::decode_remembered(bytes + "x"));
  Bytes newer = bytes;
  newer[0] = 2;
  EXPECT_EQ(records::decode_remembered(newer).error().code(), Errc::unsupported);
}

TEST(ReputationRecord, ATallyIsANumberOfLetters) {
  for (const double no : {std::nan(""), HUGE_VAL, -1.0, 2e15}) {
    Remembered r = row(1);
    Bytes bytes = records::encode(r);
    const auto bits = std::bit_cast<std::uint64_t>(no);
    for (std::size_t i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<char>(bits >> (8 * (7 - i)));
    EXPECT_EQ(records::decode_remembered(bytes).error().code(), Errc::corrupt) << no;
  }
}

TEST(ReputationRecord, KeysNameAnIdentity) {
  const Identity identity{IdentityKind::mail_from, "example.org"};
  const Bytes key = records::reputation_key(identity);
  EXPECT_EQ(records::decode_identity(key).value(), identity);
  EXPECT_TRUE(records::all_reputation().contains(key));
  EXPECT_TRUE(records::reputation_of(IdentityKind::mail_from).contains(key));
  EXPECT_FALSE(records::reputation_of(IdentityKind::author).contains(key));
  EXPECT_FALSE(records::decode_identity(records::reputation_key({IdentityKind(9), "x"})));
  EXPECT_FALSE(records::decode_identity(records::reputation_key({IdentityKind::dkim, ""})));
  EXPECT_FALSE(
      records::decode_identity(records::reputation_key({IdentityKind::dkim, std::string(kMaxIdentityName + 1, 'a')})));
  EXPECT_TRUE(
      records::decode_identity(records::reputation_key({IdentityKind::dkim, std::string(kMaxIdentityName, 'a')})));
}

}  // namespace
}  // namespace chappe::post
