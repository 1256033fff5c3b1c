#include "app/server.h"

#include <sys/resource.h>

#include <algorithm>

#include "app/backup_files.h"
#include "app/cli.h"
#include "app/list_rules.h"
#include "app/server_parts.h"
#include "app/server_settings.h"
#include "store/rocks.h"

namespace chappe::app {
namespace {

const Event kStarted("server.started", Level::info, {"version", "hostname", "listeners", "shards"},
                     "The server answers on every port of its configuration.");
const Event kListening("server.listening", Level::info, {"role", "address"}, "A port is open.");
const Event kStopping("server.stopping", Level::info, {"connections"},
                      "The server stops: it takes no further connection and ends those that are open with a word.");
const Event kStopped("server.stopped", Level::info, {"ms"}, "The server has stopped; everything accepted is on disk.");
const Event kReloaded("server.reloaded", Level::info, {"certificates"},
                      "Certificates, log file and log level were read anew. Open sessions keep what they have.");
const Event kNeedsRestart("server.needs_restart", Level::warning, {"keys"},
                          "These settings have changed in the configuration and take effect after a restart.");
const Event kTaskFailed("server.task_failed", Level::error, {"what"},
                        "A library threw an exception that nobody expected: the session it belonged to has ended. "
                        "Please report it.");

// Each connection is a descriptor, and the store has its own; the soft limit of most systems is far too low.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::open(Config config, ServerOptions options) {
  raise_descriptor_limit();
  auto log = TRY(open_log(config.log));
  auto parts = std::make_unique<Parts>(std::move(config), std::move(options), std::move(log));
  Parts& p = *parts;
  std::unique_ptr<Server> server(new Server(std::move(parts)));

  auto tls = TRY(load_certificates(certificate_files(p.config), p.tickets));
  for (const Listener& listener : p.config.listen) {
    const int port = listener.port.value < 0 ? role_port(listener.role) : listener.port.value;
    const auto at = TRY(net::Endpoint::parse(listener.address, static_cast<std::uint16_t>(port)));
    const bool given = std::ranges::any_of(p.options.inherited, [&](const InheritedSocket& s) {
      return s.role == listener.role && s.socket.at().describe() == at.describe();
    });
    if (given) continue;
    p.listen(listener.role, TRY(net::ListenSocket::bind(at)));
  }
  for (auto& given : std::exchange(p.options.inherited, {})) p.listen(given.role, std::move(given.socket));
  if (p.options.after_bind) TRY(p.options.after_bind());

  store::RocksOptions rocks;
  rocks.path = p.config.server.data_dir.value + "/store";
  rocks.offload = &p.reads;
  rocks.reserve = p.config.limits.free_space.bytes;
  rocks.block_cache = p.budget.limit(Part::block_cache);
  rocks.memtable = p.budget.limit(Part::memtables) / 2;
  p.store = TRY(store::open_rocks(std::move(rocks)));
  p.commit = std::make_unique<store::Commit>(*p.store);
  p.mailboxes =
      std::make_unique<post::Mailboxes>(*p.store, *p.commit, p.letter_ids, system_clock(), p.config.history());
  p.care = std::make_unique<post::Care>(*p.store, *p.commit, *p.mailboxes, system_clock());
  p.drafts = std::make_unique<post::Drafts>(*p.mailboxes, system_clock());
  p.jobs = std::make_unique<post::Jobs>(*p.store, *p.commit, system_clock(), [&p] { return beside_store(p.config); });
  p.queue = std::make_unique<post::Queue>(*p.store, *p.commit, system_clock());
  p.deliver = std::make_unique<post::Deliver>(*p.store, *p.commit, *p.mailboxes, *p.queue, system_clock());
  p.trail = std::make_unique<post::Trail>(*p.store, *p.commit, system_clock(),
                                          post::TrailLimits{.age = p.config.limits.trail_age});
  p.rules = std::make_unique<post::LocalRules>(post::LocalRules::Parts{p.store.get(), p.commit.get(), &system_clock()});
  p.directory = TRY(net::run_on(p.shards.at(0), Parts::open_directory(&p)));
  p.keys = std::make_unique<post::Keys>(post::Keys::Parts{p.store.get(), p.commit.get(), &p.reads, &system_clock()});
  p.reputation =
      std::make_unique<post::Reputation>(post::Reputation::Parts{p.store.get(), p.commit.get(), &system_clock()},
                                         post::ReputationOptions{.half_life = p.config.mx.reputation_half_life});
  if (p.config.server.plays(Actor::mda)) p.make_index();
  const bool carries = p.options.mta || !p.config.server.relay.host.empty();
  if (carries || !p.config.server.mda.host.empty()) TRY(p.make_resolver());
  p.registry = TRY(Registry::make(p.config.server, {.directory = *p.directory,
                                                    .keys = *p.keys,
                                                    .rules = *p.rules,
                                                    .offload = p.reads,
                                                    .resolver = p.resolver.get(),
                                                    .shards = p.shards,
                                                    .log = *p.log,
                                                    .metrics = p.metrics}));
  const auto judges =
      TRY(make_judges(p.config, {.shards = p.shards, .clock = system_clock(), .log = *p.log, .metrics = p.metrics}));
  p.site.reset(new agents::Site{
      .hostname = p.config.server.hostname,
      .limits = site_limits(p.config),
      .clock = system_clock(),
      .random = system_random(),
      .log = *p.log,
      .budget = p.budget,
      .shards = p.shards,
      .offload = p.reads,
      .directory = *p.directory,
      .rcpts = p.registry->rcpts(),
      .senders = p.registry->senders(),
      .logins = p.registry->logins(),
      .mailboxes = *p.mailboxes,
      .deliver = *p.deliver,
      .letter_ids = p.letter_ids,
      .trail = *p.trail,
      .throttle = p.throttle,
      .networks = p.config.server.networks,
      .handshakes = {p.shards.size(),
                     agents::Handshakes(p.options.limits ? p.config.limits.tls_handshakes_per_network : 0)},
      .tls = std::move(tls),
      .resolver = p.config.mx.judge ? p.resolver.get() : nullptr,
      .policy = local_policy(p.config.mx),
      .keys = p.config.server.plays(Actor::mda) ? p.keys.get() : nullptr,
      .signer = p.registry->signer(),
      .return_paths = p.config.mx.srs ? p.return_paths.get() : nullptr,
      .search = p.search.get(),
      .reputation = p.reputation.get(),
      .rules = p.registry->rules(),
      .laid_down = p.config.server.plays(Actor::mda) ? p.rules.get() : nullptr,
      .lists = list_rules(p.config.mx),
      .trusted_sealers = p.config.mx.trusted_sealers.list,
      .list_watch = agents::ListWatch(p.metrics, list_rules(p.config.mx)),
      .mx_judges = judges_at(judges, JudgedDoor::mx),
      .submission_judges = judges_at(judges, JudgedDoor::submission)});
  if (carries) TRY(p.make_mta());
  p.routes.emplace(RouteSources{.directory = p.registry->rcpts(),
                                .resolver = p.mta ? p.resolver.get() : nullptr,
                                .random = system_random(),
                                .self = p.self,
                                .mda = p.registry->mda(),
                                .relay = p.config.server.relay.host,
                                .port = p.config.server.relay.host.empty()
                                            ? static_cast<std::uint16_t>(p.config.mta.port)
                                            : p.config.server.relay.port});
  p.exposed.reset(new ServerCounts{.metrics = p.metrics,
                                   .shards = p.shards,
                                   .connections = p.connections,
                                   .budget = p.budget,
                                   .store = *p.store,
                                   .commit = *p.commit,
                                   .log = *p.log,
                                   .indexer = p.indexer.get(),
                                   .extractors = p.extractors.get(),
                                   .reputation = *p.reputation,
                                   .exposing = {}});
  TRY(p.open_control());
  return server;
}

void Server::start() {
  Parts& p = *parts_;
  net::set_task_failure_hook([log = p.log.get()](const char* what) { log->event(kTaskFailed, what); });
  p.registry->start();  // before somebody asks
  for (std::size_t i = 0; i < p.sockets.size(); ++i) p.accept(p.bound[i].role, std::move(p.sockets[i]));
  p.sockets.clear();
  for (auto& acceptor : p.acceptors) acceptor->start();
  net::Shard& first = p.shards.at(0);
  first.post([&first, &p] {
    first.tasks().spawn(Parts::keep_trail(p.trail.get()));
    first.tasks().spawn(Parts::keep_reputation(p.reputation.get()));
    first.tasks().spawn(Parts::keep_store(&p));
    first.tasks().spawn(Parts::take_care(p.care.get(), p.log.get()));
    if (p.indexer) first.tasks().spawn(Parts::keep_index(p.indexer.get()));
  });
  if (p.mta) p.mta->start();
  p.control->start();
  for (const Bound& b : p.bound) p.log->event(kListening, role_name(b.role), fmt::format("{}:{}", b.address, b.port));
  p.log->event(kStarted, kVersion, p.config.server.hostname, p.bound.size(), p.shards.size());
  p.started = true;
}

Result<void> Server::reload(Config fresh) {
  Parts& p = *parts_;
  auto files = certificate_files(fresh);
  const std::size_t count = files.size();
  p.site->tls.store(TRY(load_certificates(files, p.tickets)));
  p.log->set_level(fresh.log.level);
  p.log->reopen();
  p.log->event(kReloaded, count);

  const std::string keys = needs_restart(p.config, fresh);
  if (!keys.empty()) p.log->event(kNeedsRestart, keys);
  return {};
}

void Server::stop() {
  if (!parts_ || std::exchange(parts_->stopped, true)) return;
  Parts& p = *parts_;
  const Steady began = system_clock().steady();
  if (p.started) p.log->event(kStopping, p.connections.open() + p.site_connections.open());
  for (auto& acceptor : p.acceptors) acceptor->stop();
  if (p.mta) p.mta->stop();
  if (p.registry) p.registry->stop();
  if (p.extractors) p.extractors->stop();
  if (p.indexer) p.indexer->stop();
  if (p.control) p.control->stop();
  p.jobs.reset();
  // Sessions end first; what they have handed to the commit path is made durable before it stops; the store is last.
  p.shards.stop();
  if (p.reputation) net::run(Parts::write_last_notes(p.trail.get(), p.reputation.get()));
  if (p.commit) p.commit->stop();
  p.acceptors.clear();
  p.control.reset();
  p.routes.reset();
  p.exposed.reset();
  p.mta.reset();
  p.site.reset();
  p.registry.reset();
  p.resolver.reset();
  p.counted.reset();
  p.live.reset();
  p.keys.reset();
  p.reputation.reset();
  p.directory.reset();
  p.return_paths.reset();
  p.rules.reset();
  p.trail.reset();
  p.deliver.reset();
  p.queue.reset();
  p.drafts.reset();
  p.care.reset();
  if (p.mailboxes) p.mailboxes->follow({});
  p.indexer.reset();
  p.extractors.reset();
  p.search.reset();
  p.mailboxes.reset();
  p.commit.reset();
  p.store.reset();
  if (p.started) p.log->event(kStopped, system_clock().steady() - began);
  p.log->flush();
}

const std::vector<Server::Bound>& Server::bound() const { return parts_->bound; }
agents::Site& Server::site() { return *parts_->site; }
Log& Server::log() { return *parts_->log; }
net::Shards& Server::shards() { return parts_->shards; }

}  // namespace chappe::app
