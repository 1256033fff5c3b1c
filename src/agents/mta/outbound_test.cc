// The limits of what is on its way: lines, connections, hosts, pauses.
#include "agents/mta/outbound.h"

#include <gmock/gmock.h>

#include "agents/mta/testing.h"

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace chappe::agents::mta::testing {
namespace {

class OutboundTest : public MtaTest {
 protected:
  static constexpr const char* kZone = "one.net. A 127.0.0.21\n";
  static MtaOptions limited(OutboundLimits limits) {
    MtaOptions options;
    options.limits = limits;
    return options;
  }
};

TEST_F(OutboundTest, ALineHasAnEnd) {
  server("127.0.0.21").mute = true;
  start(kZone, limited({.first = 1, .line = 5}));
  for (int i = 0; i < 20; ++i) send({"bob@one.net"});
  const auto turned_away = [this] {
    return std::ranges::count_if(
        queued(), [](const auto& row) { return row.last_error == "Many letters wait for the same destination"; });
  };
  for (int i = 0; i < 1000 && turned_away() < 14; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(turned_away(), 14) << "one is on its way and five wait";
}

TEST_F(OutboundTest, AConnectionServesSoManyLettersAndNoMore) {
  FakeServer& one = server("127.0.0.21");
  start(kZone, limited({.per_destination = 1, .first = 1, .letters = 3, .idle = 200ms}));
  for (int i = 0; i < 10; ++i) send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(10));
  EXPECT_GE(one.connections, 4);
}

TEST_F(OutboundTest, ConnectionsGrowWithWhatWorks) {
  FakeServer& one = server("127.0.0.21");
  one.thinks = 30ms;
  start(kZone, limited({.per_destination = 4, .first = 1}));
  for (int i = 0; i < 40; ++i) send({"bob@one.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(40));
  EXPECT_EQ(one.opens().front(), 1);
  EXPECT_EQ(std::ranges::max(one.opens()), 4);
}

TEST_F(OutboundTest, ConnectionsAreHalvedWhenOneBreaks) {
  FakeServer& one = server("127.0.0.21");
  one.thinks = 50ms;
  one.drops_dot = true;
  start(kZone, limited({.per_destination = 8, .first = 8}));
  for (int i = 0; i < 40; ++i) send({"bob@one.net"});
  EXPECT_THAT(settled(), SizeIs(40));
  const std::vector<int> opens = one.opens();
  ASSERT_GE(opens.size(), 20u);
  EXPECT_THAT(std::vector<int>(opens.end() - 10, opens.end()), Each(1)) << "it goes on with one at a time";
}

TEST_F(OutboundTest, ADeadDestinationIsLeftAloneForLongerAndLonger) {
  PlainServer& one = plain("127.0.0.21", {{"greeting", "421 4.3.2 not today"}});
  start(kZone, limited({.closed = 100ms, .closed_longest = 400ms}));
  const Steady began = system_clock().steady();
  std::vector<Duration> attempts;
  while (attempts.size() < 5 && system_clock().steady() - began < 20s) {
    send({"bob@one.net"});
    if (static_cast<std::size_t>(one.connections) > attempts.size())
      attempts.push_back(system_clock().steady() - began);
    std::this_thread::sleep_for(5ms);
  }
  ASSERT_THAT(attempts, SizeIs(5));
  const auto pause = [&attempts](std::size_t i) { return attempts[i + 1] - attempts[i]; };
  EXPECT_GE(pause(0), 90ms);
  EXPECT_GE(pause(1), 190ms);
  EXPECT_GE(pause(2), 390ms);
  EXPECT_GE(pause(3), 390ms);
  EXPECT_LT(pause(3), 790ms) << "but not longer than closed_longest";
  EXPECT_EQ(queued()[0].last_error, "421 4.3.2 not today");
}

TEST_F(OutboundTest, SoManyHostsAreTriedAndNoMore) {
  FakeServer& good = server("127.0.0.22");
  std::string zone = "good.net. A 127.0.0.22\n";
  for (std::size_t i = 0; i < kHostsTried; ++i) {
    const std::string name = "h" + std::to_string(i) + ".net.";
    zone += name + " A 127.0.0.29\n";
    zone += "toomany.net. MX 1 " + name + "\n";
    if (i > 0) zone += "enough.net. MX 1 " + name + "\n";
  }
  start(zone + "toomany.net. MX 2 good.net.\nenough.net. MX 2 good.net.\n");
  send({"bob@toomany.net", "bob@enough.net"});
  const auto rows = settled();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].recipient, "bob@toomany.net");
  EXPECT_THAT(good.received(), SizeIs(1));
}

TEST_F(OutboundTest, WhoFindsNoConnectionFreeHasHisTurn) {
  FakeServer& busy = server("127.0.0.21");
  busy.thinks = 5ms;
  FakeServer& other = server("127.0.0.22");
  const std::string name = neighbour_of("one.net", "other");
  start(kZone + name + ". A 127.0.0.22\n", limited({.connections = 1, .letters = 5}));
  for (int i = 0; i < 100; ++i) send({"bob@one.net"});
  for (int i = 0; i < 1000 && busy.received().empty(); ++i) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 3; ++i) send({"eve@" + name});
  for (int i = 0; i < 2000 && other.received().size() < 3; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_THAT(other.received(), SizeIs(3));
  EXPECT_LT(busy.received().size(), 100u) << "the busy one was served to its end first";
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(busy.received(), SizeIs(100));
  EXPECT_EQ(std::ranges::max(busy.opens()), 1);
}

TEST_F(OutboundTest, ManyDestinationsShareFewConnections) {
  FakeServer& one = server("127.0.0.21");
  start("*.net. A 127.0.0.21\n", limited({.connections = 2, .idle = 10ms}));
  for (int i = 0; i < 60; ++i) send({"bob@d" + std::to_string(i) + ".net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(one.received(), SizeIs(60));
  EXPECT_LE(std::ranges::max(one.opens()), 5) << "two of each of two shards, and one that is closing";
}

TEST_F(OutboundTest, NoLetterGoesToAnAddressOfThisMachine) {
  FakeServer& here = server("127.0.0.21");
  MtaOptions options;
  loopback = false;
  start("one.net. MX 10 mx.one.net.\nmx.one.net. A 127.0.0.21\nzero.net. A 0.0.0.0\n", std::move(options));
  send({"bob@one.net", "bob@zero.net"});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(here.received(), IsEmpty());
  std::string told;
  for (const Bytes& letter : inbox()) told += letter;
  EXPECT_THAT(told, HasSubstr("Status: 5.4.4"));
  EXPECT_THAT(told, HasSubstr("mx.one.net has the address 127.0.0.21, which no other host can have"));
}

}  // namespace
}  // namespace chappe::agents::mta::testing
