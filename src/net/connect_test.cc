#include "net/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/acceptor.h"

using namespace std::chrono_literals;
using testing::ElementsAre;

namespace chappe::net {
namespace {

Endpoint at(const char* ip, std::uint16_t port = 25) { return *Endpoint::parse(ip, port); }

std::vector<std::string> ips(const std::vector<Endpoint>& list) {
  std::vector<std::string> out;
  for (const Endpoint& e : list) out.push_back(e.ip());
  return out;
}

TEST(Interleave, TakesBothFamiliesInTurn) {
  EXPECT_THAT(ips(interleave({})), ElementsAre());
  EXPECT_THAT(ips(interleave({at("::1"), at("::2"), at("::3"), at("192.0.2.1"), at("192.0.2.2")})),
              ElementsAre("::1", "192.0.2.1", "::2", "192.0.2.2", "::3"));
  EXPECT_THAT(ips(interleave({at("192.0.2.1"), at("192.0.2.2")})), ElementsAre("192.0.2.1", "192.0.2.2"));
}

// A listener that accepts nothing: the kernel completes the connection.
struct Listening {
  ListenSocket socket = *ListenSocket::bind(at("127.0.0.1", 0));
};
// A port that nobody listens at.
Endpoint closed_port() {
  const Listening gone;
  return gone.socket.at();
}
// A listener whose backlog is full: connecting hangs.
class Hanging {
 public:
  Hanging() {
    ::listen(socket_.fd(), 0);
    for (int& fd : full_) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      (void)::connect(fd, socket_.at().raw(), socket_.at().raw_size());
    }
  }
  ~Hanging() {
    for (const int fd : full_) ::close(fd);
  }
  const Endpoint& where() const { return socket_.at(); }

 private:
  ListenSocket socket_ = *ListenSocket::bind(at("127.0.0.1", 0));
  int full_[4];
};

struct Tried {
  Result<std::uint16_t> port = fail(Errc::bug, "");  // of whoever won
  Duration took;
};
Task<Tried> attempt(std::vector<Endpoint> addresses, Duration span) {
  const Steady began = system_clock().steady();
  Tried out;
  auto stream = co_await connect_any(std::move(addresses), Deadline::in(span));
  out.took = system_clock().steady() - began;
  if (stream) {
    out.port = stream->peer().port();
  } else {
    out.port = std::unexpected(stream.error());
  }
  co_return out;
}
// The address of ours that a connection is made from.
Task<Result<std::string>> local_of(Endpoint to, std::optional<Endpoint> from) {
  auto stream = co_await connect_from(std::move(from), std::move(to), Deadline::in(10s));
  if (!stream) co_return std::unexpected(stream.error());
  co_return stream->local().ip();
}

TEST(ConnectAny, GoesOnAtOnceWhenAnAddressRefuses) {
  Shards shards(1);
  const Listening good;
  const auto tried = run_on(shards.at(0), attempt({closed_port(), closed_port(), good.socket.at()}, 10s));
  EXPECT_EQ(tried.port.value(), good.socket.at().port());
  EXPECT_LT(tried.took, kHeadStart);
}

TEST(ConnectAny, GoesOnSoonWhenAnAddressHangs) {
  Shards shards(1);
  const Hanging hanging;
  const Listening good;
  const auto tried = run_on(shards.at(0), attempt({hanging.where(), good.socket.at()}, 10s));
  EXPECT_EQ(tried.port.value(), good.socket.at().port());
  EXPECT_GE(tried.took, kHeadStart);
  EXPECT_LT(tried.took, 5s);
}

TEST(ConnectFrom, ComesFromTheAddressThatIsNamed) {
  Shards shards(1);
  const Listening here;
  const auto from = [&](std::optional<Endpoint> source) {
    return run_on(shards.at(0), local_of(here.socket.at(), std::move(source)));
  };
  EXPECT_EQ(from(at("127.0.0.7", 0)).value(), "127.0.0.7");
  EXPECT_EQ(from(std::nullopt).value(), "127.0.0.1");
  const auto foreign = from(at("192.0.2.1", 0));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code(), Errc::unavailable);
  EXPECT_THAT(foreign.error().text(), testing::HasSubstr("from 192.0.2.1: "));
}

TEST(ConnectAny, SaysWhyNothingCameOfIt) {
  Shards shards(1);
  const Hanging hanging;
  EXPECT_EQ(run_on(shards.at(0), attempt({}, 10s)).port.error().code(), Errc::invalid);
  EXPECT_EQ(run_on(shards.at(0), attempt({closed_port()}, 10s)).port.error().code(), Errc::unavailable);
  EXPECT_EQ(run_on(shards.at(0), attempt({hanging.where()}, 300ms)).port.error().code(), Errc::timeout);
  EXPECT_EQ(run_on(shards.at(0), attempt({hanging.where(), closed_port()}, 600ms)).port.error().code(), Errc::timeout);
}

}  // namespace
}  // namespace chappe::net
