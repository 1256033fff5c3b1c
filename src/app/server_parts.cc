#include "app/server_parts.h"

#include <unistd.h>

#include <set>

#include "app/cli.h"
#include "app/server_doors.h"
#include "app/server_settings.h"
#include "app/upkeep.h"
#include "dns/cache.h"
#include "dns/counting.h"

namespace chappe::app {
namespace {

constexpr Duration kLastNotes = std::chrono::seconds(10);
constexpr Duration kOpening = std::chrono::minutes(1);

}  // namespace

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
                               .metrics = metrics,
                               .signer = registry->signer()},
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
      .keys = keys.get(),
      .reputation = reputation.get(),
      .rules = mda ? rules.get() : nullptr};
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
                                  .random = &system_random(),
                                  .changed = [rules = p->rules.get()] { rules->forget(); }};
  post::DirectoryOptions options;
  options.postmaster = p->config.server.postmaster;
  // What an interrupted removal of a mailbox or an account left behind. It is in nobody's way: what cannot be taken
  // away in this time waits for the next start.
  const auto reaped = co_await p->mailboxes->reap(net::Deadline::in(kOpening));
  if (!reaped && reaped.error().code() != Errc::timeout) co_return std::unexpected(reaped.error());
  // Whoever held a lease has gone with its process.
  CO_TRY(co_await p->queue->void_leases(net::Deadline::in(kOpening)));
  p->return_paths =
      CO_TRY(co_await post::ReturnPaths::open(on.commit, on.clock, on.random, net::Deadline::in(kOpening)));
  options.return_paths = p->return_paths.get();
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

net::Task<void> Server::Parts::keep_reputation(post::Reputation* reputation) {
  net::Cancel cancel;
  const net::Shard::Member member(*net::Shard::current(), cancel);
  co_await post::Reputation::keep(reputation, &cancel);
}

net::Task<void> Server::Parts::write_last_notes(post::Trail* trail, post::Reputation* reputation) {
  (void)co_await trail->write_notes(net::Deadline::in(kLastNotes));
  (void)co_await reputation->write(net::Deadline::in(kLastNotes));
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

}  // namespace chappe::app
