#include "agents/nameserver/nameserver.h"

#include <gtest/gtest.h>

#include <mutex>

#include "agents/nameserver/test_site.h"
#include "dns/exchange.h"

using namespace std::chrono_literals;

namespace chappe::agents::nameserver {
namespace {

using dns::Rcode;
using dns::Type;
using net::Deadline;
using net::Task;

dns::Zones zones() {
  std::string text = "$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n";
  for (int i = 0; i < 100; ++i) text += fmt::format("many A 192.0.2.{}\n", i);
  dns::Zones out;
  add_zone(out, records(text));
  return out;
}

Task<Result<dns::Exchanged>> ask(net::Endpoint at, std::string owner, Type type) {
  co_return co_await dns::exchange(at, dns::make_query({name(owner), type}, 0, false, false), system_random(),
                                   Deadline::in(5s));
}

TEST(NameServer, AnswersOverUdpAndOverTcpWhenItMust) {
  std::mutex mutex;
  std::vector<std::string> seen;
  TestServer server(zones(), {}, [&](const QueryNote& note) {
    const std::lock_guard lock(mutex);
    seen.push_back(fmt::format("{} {} {} {}{}", note.who.ip(), note.transport == Transport::udp ? "udp" : "tcp",
                               note.reply.question->text(), dns::rcode_name(note.reply.rcode),
                               note.reply.truncated ? " cut" : ""));
  });
  const auto one = run_on(server.shards.at(0), ask(server.at(), "ns.example", Type::a));
  ASSERT_TRUE(one) << one.error().text();
  EXPECT_FALSE(one->tcp);
  EXPECT_EQ(one->message.answer.size(), 1u);
  const auto many = run_on(server.shards.at(0), ask(server.at(), "many.example", Type::a));
  ASSERT_TRUE(many) << many.error().text();
  EXPECT_TRUE(many->tcp);
  EXPECT_EQ(many->message.answer.size(), 100u);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, (std::vector<std::string>{"127.0.0.1 udp ns.example. A NOERROR",
                                            "127.0.0.1 udp many.example. A NOERROR cut",
                                            "127.0.0.1 tcp many.example. A NOERROR"}));
}

TEST(NameServer, OnEveryAddressItAnswersFromTheOneThatWasAsked) {
  std::mutex mutex;
  std::vector<std::string> asked_at;
  TestServer server(
      zones(), {},
      [&](const QueryNote& note) {
        const std::lock_guard lock(mutex);
        asked_at.push_back(note.at.ip());
      },
      "0.0.0.0");
  const auto got =
      run_on(server.shards.at(0), ask(*net::Endpoint::parse("127.0.0.9", server.at().port()), "ns.example", Type::a));
  ASSERT_TRUE(got) << got.error().text();
  const std::lock_guard lock(mutex);
  EXPECT_EQ(asked_at, std::vector<std::string>{"127.0.0.9"});
}

Bytes framed(std::string_view owner, std::uint16_t id) {
  const Bytes m = dns::write_message(dns::make_query({name(owner), Type::a}, id, false, false));
  return Bytes{static_cast<char>(m.size() >> 8), static_cast<char>(m.size())} + m;
}

// Sends `octets` in pieces of `piece`, reads until the server closes or `expect` answers are there; gives their ids.
Task<Result<std::vector<int>>> talk(net::Endpoint at, Bytes octets, std::size_t piece, std::size_t expect) {
  auto stream = CO_TRY(co_await net::Stream::connect(at, Deadline::in(5s)));
  for (std::size_t i = 0; i < octets.size(); i += piece) {
    CO_TRY(co_await stream.write(octets.substr(i, piece), Deadline::in(5s)));
    if (piece < octets.size()) co_await net::yield();
  }
  std::vector<int> ids;
  Bytes in;
  while (ids.size() < expect) {
    const Chunk chunk = CO_TRY(co_await stream.read(Deadline::in(5s)));
    if (chunk.empty()) break;
    in += chunk.view();
    for (;;) {
      if (in.size() < 2) break;
      const std::size_t size = static_cast<unsigned char>(in[0]) << 8 | static_cast<unsigned char>(in[1]);
      if (in.size() < 2 + size) break;
      ids.push_back(dns::parse_header(ByteView(in).substr(2))->id);
      in.erase(0, 2 + size);
    }
  }
  co_return ids;
}

TEST(NameServer, TakesSeveralQuestionsOfOneConnection) {
  TestServer server(zones());
  Bytes all;
  std::vector<int> wanted;
  for (int i = 0; i < 100; ++i) {
    all += framed(i % 7 ? "ns.example" : "many.example", static_cast<std::uint16_t>(i));
    wanted.push_back(i);
  }
  for (const std::size_t piece : {all.size(), std::size_t{13}}) {
    const auto ids = run_on(server.shards.at(0), talk(server.at(), all, piece, 100));
    ASSERT_TRUE(ids) << ids.error().text();
    EXPECT_EQ(*ids, wanted);
  }
}

TEST(NameServer, EndsConnectionsThatSayNothing) {
  NameServerOptions options;
  options.idle = 100ms;
  TestServer server(zones(), options);
  for (const Bytes& octets : {Bytes("\0", 1),
                              Bytes("\0\xff"
                                    "abc",
                                    5),
                              framed("ns.example", 1)}) {
    const auto ids = run_on(server.shards.at(0), talk(server.at(), octets, octets.size(), 2));
    ASSERT_TRUE(ids) << ids.error().text();
    EXPECT_LE(ids->size(), 1u);
  }
}

Task<Result<std::size_t>> hold(net::Endpoint at, std::size_t count) {
  std::vector<net::Stream> held;
  std::size_t closed = 0;
  for (std::size_t i = 0; i < count; ++i) held.push_back(CO_TRY(co_await net::Stream::connect(at, Deadline::in(5s))));
  for (net::Stream& s : held) {
    const auto got = co_await s.read(Deadline::in(100ms));
    if (got || got.error().code() == Errc::closed) ++closed;
  }
  co_return closed;
}

TEST(NameServer, LimitsConnectionsOfOneNetwork) {
  NameServerOptions options;
  options.connections = {.total = 10, .per_network = 3};
  TestServer server(zones(), options);
  const auto closed = run_on(server.shards.at(0), hold(server.at(), 5));
  ASSERT_TRUE(closed) << closed.error().text();
  EXPECT_EQ(*closed, 2u);
}

TEST(NameServer, ServesOtherZonesFromNowOn) {
  TestServer server(zones());
  dns::Zones other;
  add_zone(other, records("$ORIGIN test.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n"));
  server.server->serve(std::make_shared<const dns::Zones>(std::move(other)));
  const auto old = run_on(server.shards.at(0), ask(server.at(), "ns.example", Type::a));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->message.header.rcode, Rcode::refused);
}

}  // namespace
}  // namespace chappe::agents::nameserver
