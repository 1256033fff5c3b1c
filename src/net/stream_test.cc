#include "net/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <semaphore>

#include "base/random.h"
#include "net/acceptor.h"
#include "net/offload_pool.h"

// The certificate of the tests is made by crypto/certificate.h, by the same code as local mode's.
#include "crypto/certificate.h"

using namespace std::chrono_literals;

namespace chappe::net {
namespace {

constexpr Duration kSoon = 10s;

// A server that gives back what it is sent; "STARTTLS\n" starts TLS, "MOVE\n" goes on in another shard.
struct EchoServer {
  explicit EchoServer(std::size_t shard_count, ConnectionLimits limits = {}) : shards(shard_count), count(limits) {
    // Each instance has its own: two tests may run at a time.
    const std::string base =
        (std::filesystem::temp_directory_path() / fmt::format("chappe-net-{}-{}", getpid(), static_cast<void*>(this)))
            .string();
    files = {base + ".crt", base + ".key"};
    const auto made = crypto::make_self_signed(
        {.names = {"localhost", "mail.example.test"}, .not_before = system_clock().now() + (-24h)});
    std::ofstream(files.certificate) << made->certificate_pem;
    std::ofstream(files.key) << made->key_pem.reveal();
    tls = *crypto::TlsServer::load({files}, tickets);
    client_tls = *crypto::TlsClient::trusting(files.certificate);
    auto socket = ListenSocket::bind(*Endpoint::parse("127.0.0.1", 0));
    at = socket->at();
    acceptor.emplace(shards, std::move(*socket), count, "full\n",
                     [this](Stream s) { return serve(this, std::move(s)); });
    acceptor->start();
  }
  ~EchoServer() {
    acceptor->stop();
    shards.stop();
    std::filesystem::remove(files.certificate);
    std::filesystem::remove(files.key);
  }

  static Task<void> serve(EchoServer* self, Stream stream) {
    Cancel cancel;
    std::optional<Shard::Member> member(std::in_place, *Shard::current(), cancel);
    for (;;) {
      auto chunk = co_await stream.read(Deadline::in(kSoon, &cancel));
      if (!chunk) {
        if (chunk.error().code() == Errc::cancelled) {
          (void)co_await stream.write("bye\n", Deadline::in(1s));
          co_await stream.shutdown(Deadline::in(1s));
        }
        co_return;
      }
      if (chunk->empty()) co_return;
      if (chunk->view() == "STARTTLS\n") {
        if (!co_await stream.write("go\n", Deadline::in(kSoon, &cancel))) co_return;
        if (!co_await stream.accept_tls(self->tls, Deadline::in(kSoon, &cancel))) co_return;
        continue;
      }
      if (chunk->view() == "MOVE\n") {
        Shard& other = self->shards.at((Shard::current()->index() + 1) % self->shards.size());
        member.reset();
        co_await stream.move_to(other);
        member.emplace(other, cancel);
      }
      ChunkList back;
      back.append(std::move(*chunk));
      if (!co_await stream.write(std::move(back), Deadline::in(kSoon, &cancel))) co_return;
    }
  }

  Shards shards;
  ConnectionCount count;
  crypto::TicketKeys tickets;
  crypto::CertificateFiles files;
  std::shared_ptr<const crypto::TlsServer> tls;
  std::shared_ptr<const crypto::TlsClient> client_tls;
  Endpoint at;
  std::optional<Acceptor> acceptor;
};

Task<Result<std::string>> exchange(Stream* s, std::string out, std::size_t expect) {
  CO_TRY(co_await s->write(out, Deadline::in(kSoon)));
  std::string in;
  while (in.size() < expect) {
    const Chunk c = CO_TRY(co_await s->read(Deadline::in(kSoon)));
    if (c.empty()) break;
    in += c.view();
  }
  co_return in;
}

Task<Result<std::string>> plain_tls_and_moved(EchoServer* server) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  std::string log = CO_TRY(co_await exchange(&s, "hello\n", 6));
  log += CO_TRY(co_await exchange(&s, "STARTTLS\n", 3));
  const TlsFacts facts = CO_TRY(co_await s.connect_tls(server->client_tls, "mail.example.test", Deadline::in(kSoon)));
  log += facts.version + "\n";
  log += CO_TRY(co_await exchange(&s, "secret\n", 7));
  log += CO_TRY(co_await exchange(&s, "MOVE\n", 5));
  log += CO_TRY(co_await exchange(&s, "after\n", 6));
  const std::string big(3'000'000, 'x');
  Scope scope;
  log += std::to_string(CO_TRY(co_await exchange(&s, big.substr(0, 100'000), 100'000)).size());
  co_await s.shutdown(Deadline::in(1s));
  co_return log;
}

TEST(Stream, PlainThenTlsThenInAnotherShard) {
  EchoServer server(2);
  const auto log = run_on(server.shards.at(1), plain_tls_and_moved(&server));
  ASSERT_TRUE(log) << log.error().describe();
  EXPECT_EQ(*log, "hello\ngo\nTLSv1.3\nsecret\nMOVE\nafter\n100000");
}

Task<Result<std::string>> wrong_name(EchoServer* server) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  CO_TRY(co_await exchange(&s, "STARTTLS\n", 3));
  auto facts = co_await s.connect_tls(server->client_tls, "other.example.test", Deadline::in(kSoon));
  co_return facts ? "accepted" : facts.error().text();
}
TEST(Stream, AClientThatVerifiesRefusesAnotherName) {
  EchoServer server(1);
  EXPECT_EQ(*run_on(server.shards.at(0), wrong_name(&server)), "TLS handshake: certificate verify failed");
}

Task<Result<std::string>> garbage(EchoServer* server) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  CO_TRY(co_await exchange(&s, "STARTTLS\n", 3));
  co_return co_await exchange(&s, std::string(1000, 'A'), 1);
}
TEST(Stream, GarbageInsteadOfAHandshakeEndsTheConnection) {
  EchoServer server(1);
  const auto r = run_on(server.shards.at(0), garbage(&server));
  EXPECT_TRUE(!r || r->size() < 100) << "an alert at most";
  EXPECT_EQ(*run_on(server.shards.at(0), plain_tls_and_moved(&server)),
            "hello\ngo\nTLSv1.3\nsecret\nMOVE\nafter\n100000");
}

Task<Result<Errc>> slow_peer(EchoServer* server) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  auto r = co_await s.read(Deadline::in(20ms));
  co_return r ? Errc::bug : r.error().code();
}
TEST(Stream, ReadKeepsItsDeadline) {
  EchoServer server(1);
  EXPECT_EQ(*run_on(server.shards.at(0), slow_peer(&server)), Errc::timeout);
}

Task<Result<std::string>> wait_for_either(EchoServer* server) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  Event event;
  event.set();
  std::string log = CO_TRY(co_await s.readable_or(event, Deadline::in(kSoon))) ? "r" : "e";
  event.reset();
  CO_TRY(co_await s.write("x", Deadline::in(kSoon)));
  log += CO_TRY(co_await s.readable_or(event, Deadline::in(kSoon))) ? "r" : "e";
  log += CO_TRY(co_await s.read(Deadline::in(kSoon))).view();
  co_return log;
}
TEST(Stream, WaitsForBytesOrAnEvent) {
  EchoServer server(1);
  EXPECT_EQ(*run_on(server.shards.at(0), wait_for_either(&server)), "erx");
}

Task<Result<std::string>> read_line(EchoServer* server) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  const Chunk c = CO_TRY(co_await s.read(Deadline::in(kSoon)));
  co_return std::string(c.view());
}
Task<Result<std::string>> beyond_the_limit(EchoServer* server) {
  std::vector<Stream> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon))));
    CO_TRY(co_await exchange(&open.back(), "x", 1));
  }
  std::string refusal = CO_TRY(co_await read_line(server));
  open.pop_back();
  for (int i = 0; i < 1000 && server->count.open() > 2; ++i) (void)co_await sleep(Deadline::in(1ms));
  Stream again = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  co_return refusal + CO_TRY(co_await exchange(&again, "x", 1));
}
TEST(Acceptor, RefusesBeyondTheLimitAndTakesBackPlaces) {
  EchoServer server(2, {.total = 100, .per_network = 3});
  const auto r = run_on(server.shards.at(0), beyond_the_limit(&server));
  ASSERT_TRUE(r) << r.error().describe();
  EXPECT_EQ(*r, "full\nx");
  EXPECT_EQ(server.count.refused(), 1u);
}

Task<void> hold(Stream s, std::string* last) {
  for (;;) {
    auto c = co_await s.read(Deadline::in(kSoon));
    if (!c || c->empty()) co_return;
    *last = c->view();
  }
}
Task<Result<void>> connect_and_hold(EchoServer* server, std::string* last) {
  Stream s = CO_TRY(co_await Stream::connect(server->at, Deadline::in(kSoon)));
  CO_TRY(co_await exchange(&s, "x", 1));
  Shard::current()->tasks().spawn(hold(std::move(s), last));
  co_return Result<void>();
}
TEST(Shards, StopLetsSessionsSayGoodbye) {
  std::string last;
  EchoServer server(2);
  Shards client(1);
  ASSERT_TRUE(run_on(client.at(0), connect_and_hold(&server, &last)));
  server.acceptor->stop();
  server.shards.stop();
  client.stop();
  EXPECT_EQ(last, "bye\n");
}

// Random clients that kill their connection at random moments, in the clear, in a handshake and under TLS, while
// sessions move between shards. What is tested is that nothing breaks: run under ASan and TSan.
Task<void> rude_client(EchoServer* server, std::uint64_t seed) {
  SeededRandom random(seed);
  for (int round = 0; round < 25; ++round) {
    auto opened = co_await Stream::connect(server->at, Deadline::in(kSoon));
    if (!opened) continue;
    Stream s = std::move(*opened);
    const auto steps = random.below(6);
    for (std::uint64_t i = 0; i < steps; ++i) {
      const auto what = random.below(5);
      if (what == 0 && !s.tls()) {
        if (!co_await exchange(&s, "STARTTLS\n", 3)) break;
        const Duration patience = random.below(2) ? Duration(random.below(2000)) : Duration(kSoon);
        if (!co_await s.connect_tls(server->client_tls, "localhost", Deadline::in(patience))) break;
      } else if (what == 1) {
        if (!co_await s.write("MOVE\n", Deadline::in(kSoon))) break;
      } else if (what == 2) {
        if (!co_await s.write(random.bytes(1 + random.below(100'000)), Deadline::in(Duration(random.below(5000)))))
          break;
      } else if (what == 3) {
        if (!co_await s.read(Deadline::in(Duration(random.below(3000))))) break;
      } else {
        co_await yield();
      }
    }
    if (random.below(3) == 0) co_await s.shutdown(Deadline::in(10ms));
  }
}
Task<void> rude_clients(EchoServer* server, std::uint64_t seed) {
  Scope scope;
  for (std::uint64_t i = 0; i < 8; ++i) scope.spawn(rude_client(server, seed + i));
  co_await scope.join();
}
TEST(Shards, RandomConnectionKills) {
  const std::uint64_t seed = system_random().u64();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE(fmt::format("seed {}", seed));
  EchoServer server(2);
  Shards clients(2);
  clients.at(0).post([&] { clients.at(0).tasks().spawn(rude_clients(&server, seed)); });
  clients.at(1).post([&] { clients.at(1).tasks().spawn(rude_clients(&server, seed + 100)); });
  clients.stop();
  EXPECT_EQ(*run_on(server.shards.at(0), plain_tls_and_moved(&server)),
            "hello\ngo\nTLSv1.3\nsecret\nMOVE\nafter\n100000")
      << "and the server is well";
}

TEST(OffloadPool, RunsElsewhereAndIsBounded) {
  std::atomic<int> ran{0};
  std::mutex gate;
  OffloadPool pool(1, 2);
  gate.lock();
  ASSERT_TRUE(pool.try_submit([&] { std::lock_guard l(gate); }));
  while (pool.waiting()) std::this_thread::yield();
  EXPECT_TRUE(pool.try_submit([&] { ++ran; }));
  EXPECT_TRUE(pool.try_submit([&] { ++ran; }));
  EXPECT_FALSE(pool.try_submit([&] { ++ran; }));
  gate.unlock();
  while (ran < 2) std::this_thread::yield();
}

TEST(OffloadPool, DropsWhatIsQueuedWhenItEnds) {
  std::atomic<int> ran{0};
  std::binary_semaphore gate(0);
  std::optional<OffloadPool> pool(std::in_place, 1, 10);
  ASSERT_TRUE(pool->try_submit([&] { gate.acquire(); }));
  while (pool->waiting()) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool->try_submit([&] { ++ran; }));
  std::thread release([&] {
    std::this_thread::sleep_for(20ms);
    gate.release();
  });
  pool.reset();
  release.join();
  EXPECT_EQ(ran, 0);
}

TEST(Endpoint, ParsesAndDescribes) {
  EXPECT_EQ(Endpoint::parse("192.0.2.1", 25)->describe(), "192.0.2.1:25");
  EXPECT_EQ(Endpoint::parse("2001:db8:1:2:3::4", 993)->describe(), "[2001:db8:1:2:3::4]:993");
  EXPECT_EQ(Endpoint::parse("2001:db8:1:2:3::4", 993)->network(), "2001:db8:1:2::/64");
  EXPECT_EQ(Endpoint::parse("::ffff:192.0.2.7", 1)->describe(), "192.0.2.7:1") << "mapped is IPv4";
  EXPECT_TRUE(Endpoint::parse("127.8.9.1", 1)->loopback());
  EXPECT_FALSE(Endpoint::parse("localhost", 1));
}

}  // namespace
}  // namespace chappe::net
