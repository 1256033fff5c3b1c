#include "app/server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "agents/control/control.h"
#include "agents/mta/mta.h"
#include "app/backup_files.h"
#include "app/cli.h"
#include "app/registry.h"
#include "app/resolver_choice.h"
#include "app/route_report.h"
#include "app/server_counts.h"
#include "app/server_doors.h"
#include "app/upkeep.h"
#include "dns/cache.h"
#include "dns/counting.h"
#include "dns/live.h"
#include "net/acceptor.h"
#include "net/offload_pool.h"
#include "post/queue/queue.h"
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

constexpr std::size_t kHashQueue = 256;
constexpr std::size_t kIndexQueue = 16;
constexpr int kIndexNiceness = 19;  // a delivery goes before
constexpr Duration kLastNotes = std::chrono::seconds(10);
constexpr Duration kOpening = std::chrono::minutes(1);

std::vector<crypto::CertificateFiles> certificate_files(const Config& config) {
  std::vector<crypto::CertificateFiles> files;
  if (!config.tls.cert.value.empty()) files.push_back({config.tls.cert.value, config.tls.key.value});
  for (const auto& name : config.tls.names) files.push_back({name.cert.value, name.key.value});
  return files;
}

// Nothing when none are configured: an exchanger may do without.
Result<std::shared_ptr<const crypto::TlsServer>> load_certificates(const std::vector<crypto::CertificateFiles>& files,
                                                                   const crypto::TicketKeys& tickets) {
  if (files.empty()) return nullptr;
  return crypto::TlsServer::load(files, tickets);
}

agents::SiteLimits site_limits(const Config& config) {
  const auto& l = config.limits;
  agents::SiteLimits out;
  out.tls_handshake = l.tls_handshake_timeout;
  out.login = l.login_timeout;
  out.smtp = l.smtp_timeout;
  out.imap = l.imap_timeout;
  out.pop3 = l.pop3_timeout;
  out.letter = l.message_size.bytes;
  out.recipients = static_cast<std::uint32_t>(l.recipients);
  out.bad_commands = static_cast<std::uint32_t>(l.bad_commands);
  return out;
}

trust::dmarc::LocalPolicy local_policy(const Config::Mx& config) {
  trust::dmarc::LocalPolicy out;
  out.rejects = config.reject;
  if (!config.reject) out.no_author = out.ambiguous = trust::dmarc::Action::junk;
  return out;
}

Result<std::unique_ptr<Log>> open_log(const Config::Logging& config) {
  auto sink =
      config.file.value.empty() ? Result<std::unique_ptr<LogSink>>(stderr_sink()) : file_sink(config.file.value);
  if (!sink) return std::unexpected(std::move(sink.error()));
  return std::make_unique<Log>(std::move(*sink), Log::Options{.format = config.format, .level = config.level});
}

// `octets`: of its caches.
Result<std::unique_ptr<dns::Resolver>> live_resolver(const Config::Dns& config, std::size_t octets) {
  dns::LiveOptions options = TRY(live_options(config));
  options.cache_octets = octets / 3 * 2;  // of records; messages get half of that beside
  return TRY(dns::LiveResolver::start(options));
}

// Where other servers reach us: a letter must not be sent there.
Result<std::vector<std::string>> exchanger_addresses(const std::vector<Server::Bound>& bound, std::uint64_t port) {
  std::vector<std::string> out;
  for (const Server::Bound& b : bound) {
    if (b.role != Role::mx || b.port != port) continue;
    if (b.address != "::" && b.address != "0.0.0.0") {
      out.push_back(b.address);
      continue;
    }
    const auto all = TRY(net::own_addresses());
    out.insert(out.end(), all.begin(), all.end());
  }
  return out;
}

// Each connection is a descriptor, and the store has its own; the soft limit of most systems is far too low.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

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
  std::unique_ptr<post::Directory> directory;
  std::unique_ptr<post::Keys> keys;
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
  static net::Task<void> write_last_notes(post::Trail* trail);
  static net::Task<void> keep_index(post::search::Indexer* indexer);
};

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
  p.directory = TRY(net::run_on(p.shards.at(0), Parts::open_directory(&p)));
  p.keys = std::make_unique<post::Keys>(post::Keys::Parts{p.store.get(), p.commit.get(), &p.reads, &system_clock()});
  if (p.config.server.plays(Actor::mda)) p.make_index();
  const bool carries = p.options.mta || !p.config.server.relay.host.empty();
  if (carries || !p.config.server.mda.host.empty()) TRY(p.make_resolver());
  p.registry = TRY(Registry::make(p.config.server, {.directory = *p.directory,
                                                    .resolver = p.resolver.get(),
                                                    .shards = p.shards,
                                                    .log = *p.log,
                                                    .metrics = p.metrics}));
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
      .search = p.search.get()});
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
                                   .exposing = {}});
  TRY(p.open_control());
  return server;
}

Result<void> Server::Parts::make_resolver() {
  const std::size_t half = budget.limit(Part::dns) / 2;
  live = options.resolver ? std::move(options.resolver) : TRY(live_resolver(config.dns, half));
  counted = std::make_unique<dns::CountingResolver>(*live, metrics);
  dns::CacheLimits limits;
  limits.octets = half;
  resolver = std::make_unique<dns::ShardCaches>(*counted, shards, limits);
  return {};
}

Result<void> Server::Parts::make_mta() {
  agents::MtaOptions mta_options;
  mta_options.hostname = config.server.hostname;
  mta_options.port = static_cast<std::uint16_t>(config.mta.port);
  mta_options.relay = {config.server.relay.host, config.server.relay.port};
  mta_options.mda = registry->mda();
  mta_options.mda_trust = registry->trust();
  self.names.push_back(TRY(dns::Name::parse(config.server.hostname)));
  self.addresses = TRY(exchanger_addresses(bound, config.mta.port));
  self.loopback = config.dns.loopback_exchangers;
  mta_options.self = self;
  mta_options.times.connect = config.limits.peer_connect_timeout;
  mta_options.times.greeting = mta_options.times.command = config.limits.peer_reply_timeout;
  mta_options.times.handshake = config.limits.tls_handshake_timeout;
  mta_options.times.stretch = config.limits.peer_data_timeout;
  mta_options.times.final_dot = config.limits.peer_final_timeout;
  mta_options.limits.connections = config.limits.outbound_connections;
  mta_options.limits.per_destination = config.limits.destination_connections;
  mta_options.limits.first = std::min(mta_options.limits.first, mta_options.limits.per_destination);
  mta_options.limits.closed = config.limits.destination_pause;
  mta = TRY(agents::Mta::make({.shards = shards,
                               .resolver = *resolver,
                               .queue = *queue,
                               .deliver = *deliver,
                               .mailboxes = *mailboxes,
                               .directory = registry->authors(),
                               .ids = letter_ids,
                               .clock = system_clock(),
                               .random = system_random(),
                               .log = *log,
                               .metrics = metrics},
                              std::move(mta_options)));
  return {};
}

Result<void> Server::Parts::open_control() {
  namespace control_socket = agents::control;
  const bool mda = config.server.plays(Actor::mda);
  office = {
      .directory = mda ? directory.get() : nullptr,
      .mailboxes = mailboxes.get(),
      .queue = queue.get(),
      .trail = trail.get(),
      .care = care.get(),
      .drafts = drafts.get(),
      .jobs = jobs.get(),
      .host = {.status = [this] { return status(); },
               .metrics = [this](const post::QueueCounts& queued) { return exposed->expose(queued); },
               .route = [this](std::string address,
                               net::Deadline deadline) { return route_report(&*routes, std::move(address), deadline); },
               .reload = options.reload,
               .stop = options.stop},
      .search = search.get(),
      .indexer = indexer.get(),
      .keys = keys.get()};
  control_socket::ControlOptions socket;
  socket.path = control_socket::socket_path(config.server.data_dir.value);
  socket.uid = geteuid();
  control = TRY(control_socket::Control::open(
      {&shards, &reads, log.get(), &system_clock()}, std::move(socket),
      [this](std::string method, control_socket::Value params, std::string who, net::Deadline deadline) {
        return control_socket::call(&office, std::move(method), std::move(params), std::move(who), deadline);
      }));
  return {};
}

agents::control::Status Server::Parts::status() const {
  const auto counts = commit->counts();
  agents::control::Status out{.version = std::string(kVersion),
                              .hostname = config.server.hostname,
                              .pid = getpid(),
                              .started = opened,
                              .listeners = {},
                              .connections = connections.open() + site_connections.open(),
                              .commits = counts.changes,
                              .groups = counts.groups,
                              .read_only = store->read_only(),
                              .log_dropped = log->dropped()};
  for (std::size_t i = 0; i < shards.size(); ++i) {
    for (std::size_t c = 0; c < net::Shard::kStalls; ++c) out.stalls += shards.at(i).stalls(net::Shard::Stall(c));
    out.longest_turn = std::max(out.longest_turn, shards.at(i).longest_turn());
  }
  if (mta) {
    const agents::mta::Counts& c = mta->counts();
    out.transfer = {.delivered = c.delivered.value(),
                    .deferred = c.deferred.value(),
                    .bounced = c.bounced.value(),
                    .silent = c.silent.value(),
                    .connections = c.open.value(),
                    .destinations = c.destinations.value(),
                    .unreachable = c.unreachable.value()};
  }
  if (indexer) {
    const auto& c = indexer->counts();
    const auto& a = extractors->counts();
    const auto count = [&a](post::search::ChildEnd end) { return a.ends[static_cast<std::size_t>(end)].load(); };
    using enum post::search::ChildEnd;
    out.index = {.letters = c.letters,
                 .left_out = c.left_out,
                 .waiting = c.waiting,
                 .failures = c.failures,
                 .attachments = count(ok) + count(cut),
                 .attachments_failed = count(failed) + count(timeout) + count(too_large) + a.skipped};
  }
  for (const Bound& b : bound) out.listeners.push_back(fmt::format("{} {}:{}", role_name(b.role), b.address, b.port));
  return out;
}

net::Task<Result<std::unique_ptr<post::Directory>>> Server::Parts::open_directory(Parts* p) {
  const post::Directory::Parts on{.store = p->store.get(),
                                  .commit = p->commit.get(),
                                  .offload = &p->hashing,
                                  .clock = &system_clock(),
                                  .random = &system_random()};
  post::DirectoryOptions options;
  options.postmaster = p->config.server.postmaster;
  // What an interrupted removal of a mailbox or an account left behind. It is in nobody's way: what cannot be taken
  // away in this time waits for the next start.
  const auto reaped = co_await p->mailboxes->reap(net::Deadline::in(kOpening));
  if (!reaped && reaped.error().code() != Errc::timeout) co_return std::unexpected(reaped.error());
  // Whoever held a lease has gone with its process.
  CO_TRY(co_await p->queue->void_leases(net::Deadline::in(kOpening)));
  co_return co_await post::Directory::open(on, std::move(options), net::Deadline::in(kOpening));
}

net::Task<void> Server::Parts::keep_trail(post::Trail* trail) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  co_await post::Trail::keep(trail, &cancel);
}

net::Task<void> Server::Parts::keep_store(Parts* p) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  co_await keep_space(p->store.get(), p->commit.get(), p->log.get(), &cancel);
}

net::Task<void> Server::Parts::take_care(post::Care* care, Log* log) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  co_await post::Care::run(care, log, &cancel);
}

void Server::Parts::make_index() {
  search = std::make_unique<post::search::Search>(*store, reads);
  std::vector<post::search::Extractor> programs;
  for (const ExtractorRow& row : config.search.extractors)
    programs.push_back(
        {.types = row.types.list,
         .command = row.command.words,
         .limits = {
             .time = row.time, .input = row.input.bytes, .output = row.output.bytes, .memory = row.memory.bytes}});
  extractors = std::make_unique<post::search::Extractors>(std::move(programs), log.get());
  indexer = std::make_unique<post::search::Indexer>(post::search::Indexer::Parts{.store = store.get(),
                                                                                 .commit = commit.get(),
                                                                                 .offload = &indexing,
                                                                                 .log = log.get(),
                                                                                 .extractors = extractors.get()});
  mailboxes->follow([to = indexer.get()](post::AccountId account) { to->hint(account); });
}

net::Task<void> Server::Parts::keep_index(post::search::Indexer* indexer) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  co_await post::search::Indexer::keep(indexer, &cancel);
}

net::Task<void> Server::Parts::write_last_notes(post::Trail* trail) {
  (void)co_await trail->write_notes(net::Deadline::in(kLastNotes));
}

void Server::Parts::accept(Role role, net::ListenSocket socket) {
  agents::Site* to = site.get();
  const agents::Door* door =
      doors.emplace_back(std::make_unique<agents::Door>(metrics, role_name(role), role_is_implicit_tls(role))).get();
  const bool own_hosts = role == Role::lmtp || role == Role::relay;
  acceptors.push_back(std::make_unique<net::Acceptor>(
      shards, std::move(socket), own_hosts ? site_connections : connections, refusal_of(role),
      door_handler(role, to, door),
      [to, door](const net::Endpoint& peer) { to->trail.note_refused(door->name, peer.network(), "limit"); }));
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

  std::string keys;
  const auto differs = [&keys](std::string_view name, bool changed) {
    if (changed) keys += (keys.empty() ? "" : " ") + std::string(name);
  };
  const Config& old = p.config;
  differs("server.hostname", fresh.server.hostname != old.server.hostname);
  differs("server.data_dir", fresh.server.data_dir.value != old.server.data_dir.value);
  differs("server.user", fresh.server.user != old.server.user);
  differs("server.postmaster", fresh.server.postmaster != old.server.postmaster);
  differs("server.relay",
          fresh.server.relay.host != old.server.relay.host || fresh.server.relay.port != old.server.relay.port);
  differs("dns.root_hints", fresh.dns.root_hints.value != old.dns.root_hints.value);
  differs("dns.trust_anchor", fresh.dns.trust_anchor.value != old.dns.trust_anchor.value);
  differs("dns.forward",
          fresh.dns.forward.host != old.dns.forward.host || fresh.dns.forward.port != old.dns.forward.port);
  differs("server.roles", fresh.server.roles != old.server.roles);
  differs("server.mda", fresh.server.mda.host != old.server.mda.host || fresh.server.mda.port != old.server.mda.port);
  differs("server.mda_ca", fresh.server.mda_ca.value != old.server.mda_ca.value);
  differs("server.networks", fresh.server.networks != old.server.networks);
  differs("dns.loopback_exchangers", fresh.dns.loopback_exchangers != old.dns.loopback_exchangers);
  differs("dns.stub", !std::equal(fresh.dns.stubs.begin(), fresh.dns.stubs.end(), old.dns.stubs.begin(),
                                  old.dns.stubs.end(), [](const DnsStub& a, const DnsStub& b) {
                                    return a.zone == b.zone && a.server.host == b.server.host &&
                                           a.server.port == b.server.port;
                                  }));
  differs("search.extractor", fresh.search.extractors != old.search.extractors);
  differs("mx.judge", fresh.mx.judge != old.mx.judge);
  differs("mx.reject", fresh.mx.reject != old.mx.reject);
  differs("mta.port", fresh.mta.port != old.mta.port);
  differs("server.shards", fresh.server.shards != old.server.shards);
  differs("log.file", fresh.log.file.value != old.log.file.value);
  differs("log.format", fresh.log.format != old.log.format);
  differs("listen", !std::equal(fresh.listen.begin(), fresh.listen.end(), old.listen.begin(), old.listen.end(),
                                [](const Listener& a, const Listener& b) {
                                  return a.role == b.role && a.address == b.address && a.port.value == b.port.value;
                                }));
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
  if (p.trail) net::run(Parts::write_last_notes(p.trail.get()));
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
  p.directory.reset();
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
