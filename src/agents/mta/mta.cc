#include "agents/mta/mta.h"

#include <algorithm>
#include <atomic>
#include <functional>

#include "base/text.h"
#include "codec/idna.h"

namespace chappe::agents {

using mta::Outbound;
using mta::Parcel;
using net::Deadline;
using net::Task;

namespace {

constexpr std::size_t kClaim = 500;
// More than a letter can take: connecting to some hosts, the letter itself, ten minutes after its final dot.
constexpr Duration kLease = std::chrono::minutes(45);
constexpr Duration kStore = std::chrono::minutes(1);
constexpr Duration kLook = std::chrono::seconds(1);  // for what has fallen due
constexpr Duration kPause = std::chrono::seconds(5);
constexpr std::size_t kRecipients = 100;  // of one transaction (RFC 5321 §4.5.3.1.8)

// The domain as the DNS knows it.
std::string destination_of(const std::string& recipient) {
  const std::string_view domain = std::string_view(recipient).substr(recipient.rfind('@') + 1);
  if (domain.starts_with('[')) return std::string(domain);
  auto ascii = codec::domain_to_ascii(domain);
  return ascii ? std::move(*ascii) : to_lower(domain);
}

}  // namespace

struct Mta::State {
  State(Parts p, MtaOptions o, std::shared_ptr<const crypto::TlsClient> tls)
      : parts(p),
        options(std::move(o)),
        counts(p.metrics),
        settlement({.queue = p.queue,
                    .deliver = p.deliver,
                    .mailboxes = p.mailboxes,
                    .directory = p.directory,
                    .ids = p.ids,
                    .clock = p.clock,
                    .random = p.random,
                    .log = p.log,
                    .counts = counts,
                    .hostname = options.hostname,
                    .signer = p.signer}),
        outbound{
            .resolver = p.resolver,
            .mailboxes = p.mailboxes,
            .settlement = settlement,
            .clock = p.clock,
            .random = p.random,
            .counts = counts,
            .self = options.self,
            .peer = {.hostname = options.hostname, .tls = std::move(tls), .times = options.times, .counts = &counts},
            .limits = options.limits,
            .port = options.port,
            .relay = options.relay,
            .mda = options.mda,
            .to_mda = {}} {
    outbound.to_mda = outbound.peer;
    outbound.to_mda.lmtp = true;
    if (options.mda_trust) {
      outbound.to_mda.tls = options.mda_trust;
      outbound.to_mda.wanted = mta::PeerTls::always;
    }
  }

  // One for each shard; its members belong to that one's thread.
  struct Lane {
    net::Cancel cancel;
    std::unique_ptr<Outbound> outbound;
  };

  Parts parts;
  MtaOptions options;
  mta::Counts counts;
  mta::Settlement settlement;
  mta::OutboundParts outbound;
  std::vector<Lane> lanes{parts.shards.size()};
  net::Cancel cancel;                   // of the claiming task; on shard 0
  net::Event room;                      // on shard 0: something has left
  std::atomic<std::size_t> carried{0};  // recipients claimed and not settled yet

  void finished(std::size_t recipients);
  std::vector<Parcel> parcels(std::vector<post::QueueEntry> due) const;
  static Task<void> carry(std::shared_ptr<State> state, std::size_t lane);
  static Task<void> claim(std::shared_ptr<State> state);
};

void Mta::State::finished(std::size_t recipients) {
  const std::size_t before = carried.fetch_sub(recipients, std::memory_order_relaxed);
  // The claiming task waits only while there is no room.
  if (before >= options.claimed) parts.shards.at(0).post([this] { room.set(); });
}

// Recipients of one letter and one destination travel together, if MAIL FROM says the same for them.
std::vector<Parcel> Mta::State::parcels(std::vector<post::QueueEntry> due) const {
  std::vector<Parcel> out;
  std::size_t first = 0;  // of the parcels of this letter
  for (post::QueueEntry& entry : due) {
    if (out.size() > first && out.back().entries.front().key.letter != entry.key.letter) first = out.size();
    // No domain has a blank in it.
    std::string where = entry.to_mda                 ? "mda " + options.mda.host
                        : options.relay.host.empty() ? destination_of(entry.recipient)
                                                     : options.relay.host;
    const auto same = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), [&](const Parcel& p) {
      return p.destination == where && p.entries.size() < kRecipients && p.entries.front().mail_from == entry.mail_from;
    });
    if (same != out.end()) {
      same->entries.push_back(std::move(entry));
    } else {
      out.push_back({.destination = std::move(where), .entries = {}});
      out.back().entries.push_back(std::move(entry));
    }
  }
  return out;
}

// Keeps a shard's Outbound while it is needed.
Task<void> Mta::State::carry(std::shared_ptr<State> state, std::size_t index) {
  Lane& lane = state->lanes[index];
  const net::Shard::Member member(*net::Shard::current(), lane.cancel);
  lane.outbound = std::make_unique<Outbound>(&state->outbound, &lane.cancel,
                                             [s = state.get()](std::size_t recipients) { s->finished(recipients); });
  while (!lane.cancel.cancelled()) (void)co_await net::sleep(Deadline::in(std::chrono::hours(24), &lane.cancel));
  co_await lane.outbound->join();
  lane.outbound.reset();
}

Task<void> Mta::State::claim(std::shared_ptr<State> state) {
  const net::Shard::Member member(*net::Shard::current(), state->cancel);
  const auto within = [&](Duration span) { return Deadline::in(span, &state->cancel); };
  net::Event wake;
  const auto watch = state->parts.queue.watch(*net::Shard::current(), [&wake] { wake.set(); });
  while (!state->cancel.cancelled()) {
    wake.reset();
    state->room.reset();
    const std::size_t carried = state->carried.load(std::memory_order_relaxed);
    if (carried >= state->options.claimed) {
      (void)co_await state->room.wait(within(kPause));
      continue;
    }
    const std::size_t room = std::min(kClaim, state->options.claimed - carried);
    auto due = co_await state->parts.queue.claim(room, kLease, within(kStore));
    if (!due) {
      (void)co_await net::sleep(within(kPause));
      continue;
    }
    if (due->empty()) {
      (void)co_await wake.wait(within(kLook));
      continue;
    }
    state->carried.fetch_add(due->size(), std::memory_order_relaxed);
    for (Parcel& parcel : state->parcels(std::move(*due))) {
      net::Shard& home = state->parts.shards.home(std::hash<std::string>()(parcel.destination));
      home.post([state, index = home.index(), p = std::move(parcel)]() mutable {
        if (auto& outbound = state->lanes[index].outbound) outbound->hand(std::move(p));
      });
    }
  }
}

Result<std::unique_ptr<Mta>> Mta::make(Parts parts, MtaOptions options) {
  auto tls = TRY(crypto::TlsClient::opportunistic());
  // A relay is where its operator says it is, be it on this machine.
  if (!options.relay.host.empty()) options.self.loopback = true;
  return std::unique_ptr<Mta>(new Mta(std::make_shared<State>(parts, std::move(options), std::move(tls))));
}

Mta::~Mta() = default;

const mta::Counts& Mta::counts() const { return state_->counts; }

void Mta::start() {
  for (std::size_t i = 0; i < state_->lanes.size(); ++i) {
    net::Shard& shard = state_->parts.shards.at(i);
    shard.post([state = state_, &shard, i] { shard.tasks().spawn(State::carry(state, i)); });
  }
  net::Shard& first = state_->parts.shards.at(0);
  first.post([state = state_, &first] { first.tasks().spawn(State::claim(state)); });
}

void Mta::stop() {
  for (std::size_t i = 0; i < state_->lanes.size(); ++i)
    state_->parts.shards.at(i).post([state = state_, i] { state->lanes[i].cancel.cancel(); });
  state_->parts.shards.at(0).post([state = state_] { state->cancel.cancel(); });
}

}  // namespace chappe::agents
