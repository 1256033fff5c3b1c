// What the hearings of one milter share. Internal to agents/milter.
#pragma once

#include <vector>

#include "agents/milter/milter.h"

namespace chappe::agents {

struct Milter::State {
  State(Parts p, MilterOptions o);

  // A connection: one that waits (`kept` is set), or a new one. Errc::unavailable while the milter is left alone;
  // errors of Link::open.
  static net::Task<Result<std::unique_ptr<milter::Link>>> link(std::shared_ptr<State> state, bool* kept,
                                                               net::Deadline deadline);
  // The connection serves the next session, or is closed.
  static net::Task<void> give_back(std::shared_ptr<State> state, std::unique_ptr<milter::Link> link);
  // For the breaker.
  void failed(const Error& error);
  void succeeded();

  milter::Pool& pool() { return *pools[net::Shard::current()->index()]; }

  const Parts parts;
  const MilterOptions options;
  milter::Counts counts;
  milter::Breaker breaker;
  std::vector<std::shared_ptr<milter::Pool>> pools;  // of each shard
};

}  // namespace chappe::agents
