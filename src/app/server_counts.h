// What the parts of a server count for themselves, taken over into its metrics when somebody looks.
#pragma once

#include <mutex>
#include <string>

#include "base/budget.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/acceptor.h"
#include "post/queue/queue.h"
#include "post/reputation/reputation.h"
#include "post/search/extractors.h"
#include "post/search/indexer.h"
#include "store/commit.h"

namespace chappe::app {

struct ServerCounts {
  Metrics& metrics;
  net::Shards& shards;
  const net::ConnectionCount& connections;
  const Budget& budget;
  const store::Store& store;
  const store::Commit& commit;
  const Log& log;
  // Null: there are no mailboxes here.
  const post::search::Indexer* indexer;
  const post::search::Extractors* extractors;
  const post::Reputation& reputation;

  // Everything that this server counts, and what its queue holds now, as Prometheus reads it. Any thread; one at a
  // time.
  std::string expose(const post::QueueCounts& queue);

  std::mutex exposing;

 private:
  void show(const post::QueueCounts& queue);
};

}  // namespace chappe::app
