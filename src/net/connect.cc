#include "net/connect.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

namespace chappe::net {
namespace {

struct Race {
  Event changed;
  Cancel losers;
  std::size_t running = 0;
  std::optional<Stream> won;
  Error last{Errc::invalid, "there is no address to connect to"};
};

Task<void> run(Race* race, Endpoint to, Steady until) {
  auto stream = co_await Stream::connect(to, {until, &race->losers});
  --race->running;
  if (!stream) {
    // What was given up says nothing about the host.
    if (!race->losers.cancelled()) race->last = std::move(stream.error());
  } else if (!race->won) {
    race->won = std::move(*stream);
    race->losers.cancel();
  }
  race->changed.set();
}

// A descriptor that nobody has adopted yet.
struct Open {
  int fd;
  ~Open() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Task<Result<Stream>> connect_from(std::optional<Endpoint> from, Endpoint to, Deadline deadline) {
  Shard* shard = Shard::current();
  Open socket{::socket(to.raw()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (socket.fd < 0) co_return fail(Errc::io, "no socket: {}", std::strerror(errno));
  if (from && ::bind(socket.fd, from->raw(), from->raw_size()) != 0)
    co_return fail(Errc::unavailable, "from {}: {}", from->ip(), std::strerror(errno));
  if (::connect(socket.fd, to.raw(), to.raw_size()) != 0) {
    if (errno != EINPROGRESS) co_return fail(Errc::unavailable, "{}: {}", to.describe(), std::strerror(errno));
    FdWatch opening(*shard, socket.fd);
    CO_TRY(co_await opening.writable().wait(deadline));
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) co_return fail(Errc::unavailable, "{}: {}", to.describe(), std::strerror(error));
  }
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  getsockname(socket.fd, reinterpret_cast<sockaddr*>(&local), &size);
  co_return Stream(*shard, std::exchange(socket.fd, -1), to, Endpoint(local, size));
}

std::vector<Endpoint> interleave(std::vector<Endpoint> addresses) {
  std::deque<Endpoint> first, second;
  for (const Endpoint& e : addresses) (e.ipv6() == addresses.front().ipv6() ? first : second).push_back(e);
  addresses.clear();
  while (!first.empty()) {
    addresses.push_back(first.front());
    first.pop_front();
    if (!second.empty()) std::swap(first, second);
  }
  return addresses;
}

Task<Result<Stream>> connect_any(std::vector<Endpoint> addresses, Deadline deadline) {
  Race race;
  Scope attempts;
  std::optional<Error> ended;
  auto next = addresses.begin();
  while (!race.won && !ended && (next != addresses.end() || race.running > 0)) {
    race.changed.reset();
    if (next != addresses.end()) {
      ++race.running;
      attempts.spawn(run(&race, *next++, deadline.when));
    }
    if (race.changed.is_set()) continue;  // it ended at once
    const bool more = next != addresses.end();
    const auto waited = co_await race.changed.wait(more ? deadline.at_most(kHeadStart) : deadline);
    if (!waited && (waited.error().code() == Errc::cancelled || deadline.passed())) ended = waited.error();
  }
  race.losers.cancel();
  co_await attempts.join();
  if (race.won) co_return std::move(*race.won);
  if (ended && ended->code() == Errc::cancelled) co_return std::unexpected(std::move(*ended));
  co_return std::unexpected(std::move(race.last));
}

}  // namespace chappe::net
