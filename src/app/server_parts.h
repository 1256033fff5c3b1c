// The parts of a server. Internal to app/server.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "agents/control/control.h"
#include "agents/mta/mta.h"
#include "app/registry.h"
#include "app/route_report.h"
#include "app/server.h"
#include "app/server_counts.h"
#include "net/acceptor.h"
#include "net/offload_pool.h"
#include "post/policy/rules.h"
#include "post/queue/queue.h"
#include "post/reputation/reputation.h"

namespace chappe::app {

inline constexpr std::size_t kHashQueue = 256;
inline constexpr std::size_t kIndexQueue = 16;
inline constexpr int kIndexNiceness = 19;  // a delivery goes before

// In the order in which they are made; destroyed in the reverse one.
struct Server::Parts {
  Config config;
  ServerOptions options;
  std::unique_ptr<Log> log;
  Metrics metrics;
  Budget budget;
  crypto::TicketKeys tickets;
  std::vector<net::ListenSocket> sockets;
  std::vector<Bound> bound;
  net::ConnectionCount connections;       // sessions give their places back as long as there are shards
  net::ConnectionCount site_connections;  // of the site's own hosts, which are few and need many
  net::Shards shards;
  net::OffloadPool reads;  // the pools answer to shards, so they end first
  net::OffloadPool hashing;
  net::OffloadPool indexing;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Commit> commit;
  post::LetterIds letter_ids;
  std::unique_ptr<post::Mailboxes> mailboxes;
  std::unique_ptr<post::Care> care;
  std::unique_ptr<post::Drafts> drafts;
  std::unique_ptr<post::Jobs> jobs;
  std::unique_ptr<post::Queue> queue;
  std::unique_ptr<post::Deliver> deliver;
  std::unique_ptr<post::Trail> trail;
  std::unique_ptr<post::ReturnPaths> return_paths;
  std::unique_ptr<post::LocalRules> rules;
  std::unique_ptr<post::Directory> directory;
  std::unique_ptr<post::Keys> keys;
  std::unique_ptr<post::Reputation> reputation;
  // Where there are mailboxes.
  std::unique_ptr<post::search::Search> search;
  std::unique_ptr<post::search::Extractors> extractors;
  std::unique_ptr<post::search::Indexer> indexer;
  // Where something is carried to other hosts, or the mda asked.
  std::unique_ptr<dns::Resolver> live;
  std::unique_ptr<dns::Resolver> counted;   // the same, its outcomes counted
  std::unique_ptr<dns::Resolver> resolver;  // the same, with a cache in each shard
  std::unique_ptr<Registry> registry;
  agents::Throttle throttle;
  std::unique_ptr<agents::Site> site;
  std::vector<std::unique_ptr<agents::Door>> doors;
  agents::mta::Self self;
  std::unique_ptr<agents::Mta> mta;  // nothing: letters for other hosts wait
  std::vector<std::unique_ptr<net::Acceptor>> acceptors;
  std::unique_ptr<ServerCounts> exposed;
  std::optional<RouteSources> routes;
  agents::control::Office office;
  std::unique_ptr<agents::control::Control> control;
  Time opened = system_clock().now();
  bool started = false;
  bool stopped = false;

  Parts(Config c, ServerOptions o, std::unique_ptr<Log> l)
      : config(std::move(c)),
        options(std::move(o)),
        log(std::move(l)),
        budget(config.budget_limits()),
        connections(options.limits
                        ? net::ConnectionLimits{config.limits.connections, config.limits.connections_per_network}
                        : net::ConnectionLimits{SIZE_MAX, SIZE_MAX}),
        site_connections({config.limits.connections, config.limits.connections}),
        shards(config.server.shards ? config.server.shards : std::max(1u, std::thread::hardware_concurrency())),
        reads(std::max<std::size_t>(1, config.server.offload_threads)),
        hashing(std::max<std::size_t>(1, std::thread::hardware_concurrency() / 2), kHashQueue),
        indexing(1, kIndexQueue, kIndexNiceness),
        letter_ids(system_clock(), system_random()),
        throttle(system_clock(), options.limits) {}

  void listen(Role role, net::ListenSocket socket) {
    bound.push_back({role, socket.at().ip(), socket.at().port()});
    sockets.push_back(std::move(socket));
  }
  void accept(Role role, net::ListenSocket socket);
  void make_index();
  Result<void> make_resolver();
  Result<void> make_mta();
  Result<void> open_control();
  agents::control::Status status() const;
  static net::Task<Result<std::unique_ptr<post::Directory>>> open_directory(Parts* p);
  static net::Task<void> keep_trail(post::Trail* trail);
  static net::Task<void> keep_store(Parts* p);
  static net::Task<void> take_care(post::Care* care, Log* log);
  static net::Task<void> keep_reputation(post::Reputation* reputation);
  static net::Task<void> write_last_notes(post::Trail* trail, post::Reputation* reputation);
  static net::Task<void> keep_index(post::search::Indexer* indexer);
};

}  // namespace chappe::app
