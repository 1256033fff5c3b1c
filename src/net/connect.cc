#include "net/connect.h"

#include <deque>

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

}  // namespace

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
