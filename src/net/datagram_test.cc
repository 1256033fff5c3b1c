#include "net/datagram.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace chappe::net {
namespace {

Endpoint loopback(std::uint16_t port = 0) { return *Endpoint::parse("127.0.0.1", port); }

Task<Result<std::string>> there_and_back(DatagramSocket* server) {
  auto client = CO_TRY(DatagramSocket::connect(server->at()));
  CO_TRY(co_await client.send("ping", std::nullopt, Deadline::in(5s)));
  const Datagram got = CO_TRY(co_await server->receive(Deadline::in(5s)));
  CO_TRY(co_await server->send(got.octets + " pong", got.peer, Deadline::in(5s)));
  // What somebody else sends is not for a connected socket.
  auto stranger = CO_TRY(DatagramSocket::bind(loopback()));
  CO_TRY(co_await stranger.send("forged", client.at(), Deadline::in(5s)));
  std::string out = CO_TRY(co_await client.receive(Deadline::in(5s))).octets;
  const auto more = co_await client.receive(Deadline::in(50ms));
  co_return out + (more ? " and " + more->octets : " and nothing: " + std::string(error_row(more.error().code()).name));
}

TEST(Datagram, ThereAndBack) {
  Shards shards(1);
  auto server = DatagramSocket::bind(loopback());
  ASSERT_TRUE(server);
  EXPECT_NE(server->at().port(), 0);
  const auto got = run_on(shards.at(0), there_and_back(&*server));
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(*got, "ping pong and nothing: timeout");
  shards.stop();
}

// Asks a server that is bound to every address at one of them, and takes an answer from there only.
Task<Result<std::string>> answer_from(DatagramSocket* server, std::string ip) {
  const Endpoint at = CO_TRY(Endpoint::parse(ip, server->at().port()));
  auto client = CO_TRY(DatagramSocket::connect(at));
  CO_TRY(co_await client.send("ping", std::nullopt, Deadline::in(5s)));
  const Datagram got = CO_TRY(co_await server->receive(Deadline::in(5s)));
  CO_TRY(co_await server->send("pong", got.peer, Deadline::in(5s), got.local));
  CO_TRY(co_await client.receive(Deadline::in(5s)));
  co_return got.local.describe();
}

TEST(Datagram, TheAnswerComesFromTheAddressThatWasAsked) {
  Shards shards(1);
  for (const auto& [bound, asked] : {std::pair("0.0.0.0", "127.0.0.7"), std::pair("::", "127.0.0.7"),
                                     std::pair("::", "::1"), std::pair("127.0.0.7", "127.0.0.7")}) {
    auto server = DatagramSocket::bind(*Endpoint::parse(bound, 0));
    if (!server && std::string_view(bound) == "::") continue;  // no IPv6 here
    ASSERT_TRUE(server) << server.error().text();
    const auto got = run_on(shards.at(0), answer_from(&*server, asked));
    ASSERT_TRUE(got) << bound << " at " << asked << ": " << got.error().text();
    EXPECT_EQ(*got, Endpoint::parse(asked, server->at().port())->describe()) << bound;
  }
  shards.stop();
}

Task<Result<Datagram>> ask_nobody(Endpoint at) {
  auto client = CO_TRY(DatagramSocket::connect(at));
  CO_TRY(co_await client.send("ping", std::nullopt, Deadline::in(5s)));
  co_return co_await client.receive(Deadline::in(5s));
}

TEST(Datagram, NobodyThereIsKnownAtOnce) {
  Shards shards(1);
  std::uint16_t port;
  {
    port = DatagramSocket::bind(loopback())->at().port();
  }
  const auto got = run_on(shards.at(0), ask_nobody(loopback(port)));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Errc::unavailable);
  shards.stop();
}

TEST(Datagram, AnAddressIsBoundOnce) {
  const auto first = DatagramSocket::bind(loopback());
  const auto second = DatagramSocket::bind(first->at());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::config);
  EXPECT_TRUE(second.error().text().contains("another program listens there"));
}

}  // namespace
}  // namespace chappe::net
