#include "agents/mta/outbound.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace chappe::agents::mta {

using net::Deadline;
using net::Task;

namespace {

constexpr Duration kDns = std::chrono::seconds(60);
// For finding a host that can be spoken to, all that are tried together.
constexpr Duration kReach = std::chrono::minutes(20);
constexpr std::uint64_t kPiece = 256 * 1024;
constexpr std::size_t kRemembered = 10'000;  // destinations that nothing goes to now
// What a parcel must have left of its lease when its transfer begins.
constexpr Duration kLeaseLeft = std::chrono::minutes(12);
// What is left of it when the transfer is given up, to write that down.
constexpr Duration kSettling = std::chrono::minutes(1);

Verdict verdict_of(const proto::smtp::Reply& reply, std::string host) {
  return {outcome_of(reply), reply.enhanced, std::move(host), {}, reply.text};
}

Verdict later(std::string status, std::string host, std::string words) {
  return {Outcome::later, std::move(status), std::move(host), {}, std::move(words)};
}

std::string status_in(const proto::smtp::Answer& answer) {
  // RFC 3463 §2: its class must be the reply's.
  const std::string& e = answer.reply.enhanced;
  return !e.empty() && e[0] == static_cast<char>('0' + answer.reply.code / 100) ? e : std::string();
}

}  // namespace

void Outbound::hand(Parcel parcel) {
  Destination& to = destinations_.try_emplace(parcel.destination).first->second;
  if (to.domain.empty()) {
    to.domain = parcel.destination;
    to.mda = parcel.to_mda();
    to.limit = parts_.limits.first;
    parts_.counts.destinations.add();
  }
  // Who asks for an attempt now knows more than we do: perhaps that the other side is back.
  if (std::ranges::any_of(parcel.entries, &post::QueueEntry::asked)) to.closed_until = {};
  if (parts_.clock.steady() < to.closed_until) {
    tasks_.spawn(finish(std::move(parcel), later("4.4.1", {}, to.why)));
    return;
  }
  if (to.line.size() >= parts_.limits.line) {
    tasks_.spawn(finish(std::move(parcel), later("4.4.5", {}, "Many letters wait for the same destination")));
    return;
  }
  to.line.push_back(std::move(parcel));
  if (to.idle > 0) {
    to.more.set();
  } else {
    start_workers(to);
  }
}

void Outbound::start_workers(Destination& to) {
  while (to.workers < to.limit && to.workers - to.idle < to.line.size()) {
    if (workers_ >= parts_.limits.connections) {
      if (to.workers == 0 && !std::exchange(to.starved, true)) {
        starved_.push_back(to.domain);
        spare_.set();
        spare_.reset();
      }
      return;
    }
    ++to.workers;
    ++workers_;
    tasks_.spawn(work(&to));
  }
}

Task<void> Outbound::work(Destination* to) {
  std::unique_ptr<Peer> peer;
  bool leaving = false;
  while (!cancel_.cancelled()) {
    if (to->line.empty()) {
      if (!peer || peer->letters() >= parts_.limits.letters) break;
      const Deadline idle = Deadline::in(parts_.limits.idle, &cancel_);
      ++to->idle;
      while (to->line.empty() && !idle.passed()) {
        leaving = starved_.size() > leaving_;
        if (leaving) break;
        to->more.reset();
        (void)co_await either(to->more, spare_, idle);
      }
      --to->idle;
      if (to->line.empty()) break;
      continue;
    }
    Parcel parcel = std::move(to->line.front());
    to->line.pop_front();
    if (peer && peer->letters() >= parts_.limits.letters) co_await std::exchange(peer, nullptr)->quit();
    if (!peer && lease_left(parcel)) {
      Reached reached = co_await reach(to);
      if (auto* verdict = std::get_if<Verdict>(&reached)) {
        const bool later = verdict->outcome == Outcome::later;
        if (later && !cancel_.cancelled()) close(*to, verdict->words);
        co_await finish(std::move(parcel), std::move(*verdict));
        if (later) break;
        continue;
      }
      peer = std::move(std::get<std::unique_ptr<Peer>>(reached));
      if (std::exchange(to->failures, 0) > 0) parts_.counts.unreachable.add(-1);
    }
    if (!lease_left(parcel)) {
      // It has waited here for so long that its lease may end under way: it comes back by itself.
      finished_(parcel.entries.size());
      continue;
    }
    if (co_await transfer(to, peer.get(), std::move(parcel))) {
      to->limit = std::min(to->limit + 1, parts_.limits.per_destination);
      start_workers(*to);
    } else {
      peer.reset();
    }
    if (to->workers > to->limit) break;
    // Others wait for a connection: who has several gives one up, who has one does after some letters.
    if (!starved_.empty() && (to->workers > 1 || !peer || peer->letters() >= parts_.limits.letters)) break;
  }
  leaving_ += leaving;
  if (peer) co_await peer->quit();
  leaving_ -= leaving;
  --to->workers;
  --workers_;
  if (cancel_.cancelled()) co_return;
  feed_starved();
  start_workers(*to);
  forget(*to);
}

void Outbound::feed_starved() {
  while (!starved_.empty() && workers_ < parts_.limits.connections) {
    const auto next = destinations_.find(starved_.front());
    starved_.pop_front();
    if (next == destinations_.end()) continue;
    next->second.starved = false;
    start_workers(next->second);
  }
}

bool Outbound::lease_left(const Parcel& parcel) const {
  return parts_.clock.now() + kLeaseLeft <= parcel.entries.front().next_attempt;
}

// The hosts of the domain in their order, until one of them can be spoken to.
Task<Outbound::Reached> Outbound::reach(const Destination* to) {
  const Deadline until = Deadline::in(kReach, &cancel_);
  if (to->mda) co_return co_await reach_hop(&parts_.mda, &parts_.to_mda, until);
  if (!parts_.relay.host.empty()) co_return co_await reach_hop(&parts_.relay, &parts_.peer, until);
  std::unique_ptr<Peer> peer;
  std::optional<Verdict> instead;
  // A host that may answer later counts more than one that never will.
  const auto note = [&instead](Verdict verdict) {
    if (!instead || instead->outcome == Outcome::never) instead = std::move(verdict);
  };
  MailRoute route =
      co_await find_route(&parts_.resolver, &parts_.random, &parts_.self, to->domain, parts_.port, until.at_most(kDns));
  if (route.end != MailRoute::End::hosts) co_return verdict_of(route.verdict, {});
  if (route.is_literal) {
    auto opened = co_await Peer::open(&parts_.peer, route.literal.ip(), {route.literal}, until);
    if (opened) co_return std::move(*opened);
    co_return later("4.4.1", route.literal.ip(), opened.error().text());
  }
  std::size_t tried = 0;
  for (MailHost& host : route.hosts) {
    if (tried++ == kHostsTried) break;
    Verdict verdict;
    if (co_await reach_host(std::move(host), until, &peer, &verdict)) co_return std::move(peer);
    note(std::move(verdict));
    if (cancel_.cancelled() || until.passed()) break;
  }
  co_return std::move(*instead);
}

// Nobody's letter goes back because a host of our own site does not answer, or is not configured yet.
Task<Outbound::Reached> Outbound::reach_hop(const NextHop* hop, const PeerOptions* how, Deadline until) {
  auto at = co_await find_hop(&parts_.resolver, *hop, until.at_most(kDns));
  if (!at) co_return later("4.4.1", hop->host, at.error().text());
  auto opened = co_await Peer::open(how, hop->host, std::move(*at), until);
  if (opened) co_return std::move(*opened);
  co_return later("4.4.1", hop->host, opened.error().text());
}

Task<bool> Outbound::reach_host(MailHost host, Deadline until, std::unique_ptr<Peer>* peer, Verdict* verdict) {
  const std::string name = host.name.domain();
  HostAddresses found =
      co_await find_addresses(&parts_.resolver, &parts_.self, std::move(host.name), parts_.port, until.at_most(kDns));
  if (found.addresses.empty()) {
    *verdict = verdict_of(found.verdict, {});
    co_return false;
  }
  auto opened = co_await Peer::open(&parts_.peer, name, std::move(found.addresses), until);
  if (opened) {
    *peer = std::move(*opened);
    co_return true;
  }
  *verdict = later("4.4.1", name, opened.error().text());
  co_return false;
}

namespace {

struct ReadBody {
  post::Mailboxes* mailboxes;
  store::BodyRef body;
  std::uint64_t from;

  Task<Result<ChunkList>> operator()(std::uint64_t offset, Deadline deadline) const {
    if (from + offset >= body.size) co_return ChunkList();
    co_return co_await mailboxes->read(body, from + offset, kPiece, deadline);
  }
};

// As in RCPT (RFC 3461 §4.1).
std::optional<std::string> notify_words(std::uint8_t notify) {
  constexpr std::pair<post::Notify, const char*> kWords[] = {{post::Notify::never, "NEVER"},
                                                             {post::Notify::success, "SUCCESS"},
                                                             {post::Notify::failure, "FAILURE"},
                                                             {post::Notify::delay, "DELAY"}};
  if (notify == 0) return std::nullopt;
  std::string out;
  for (const auto& [bit, word] : kWords)
    if (post::wants(notify, bit)) out += (out.empty() ? "" : ",") + std::string(word);
  return out;
}

proto::smtp::Envelope envelope_of(const Parcel& parcel) {
  const post::QueueEntry& first = parcel.entries.front();
  proto::smtp::Envelope out;
  out.from = first.reverse_path();
  for (const auto& entry : parcel.entries)
    out.recipients.push_back({entry.recipient, notify_words(entry.notify),
                              entry.orcpt.empty() ? std::nullopt : std::optional(entry.orcpt),
                              entry.mailbox.empty() ? std::nullopt : std::optional(entry.mailbox)});
  out.size = first.body.size - first.front_size;
  out.smtputf8 = first.smtputf8;
  if (first.eight_bit) out.body = proto::smtp::Body::eight_bit;
  if (first.ret != post::Ret::unsaid) out.ret = first.ret == post::Ret::full ? "FULL" : "HDRS";
  if (!first.envid.empty()) out.envid = first.envid;
  return out;
}

bool international(const Parcel& parcel) {
  const post::QueueEntry& first = parcel.entries.front();
  return first.smtputf8 || std::ranges::any_of(first.reverse_path(), is_8bit) ||
         std::ranges::any_of(parcel.entries, [](const auto& e) { return std::ranges::any_of(e.recipient, is_8bit); });
}

// Why nothing was sent, when the other side does not offer what the letter needs. A letter is not rewritten here
// (RFC 6152 §3 leaves the choice): it would break its signatures, and who takes no eight bits today takes little else.
const char* status_of(const Error& error, const Parcel& parcel, const Peer& peer) {
  if (error.code() == Errc::too_large) return "5.3.4";                // RFC 3463 §3.4
  if (error.code() != Errc::unsupported) return "5.1.3";              // RFC 3463 §3.2
  return international(parcel) && !peer.offers().smtputf8 ? "5.6.7"   // RFC 6531 §3.5
                                                          : "5.6.3";  // RFC 6152 §3
}

}  // namespace

Task<bool> Outbound::transfer(Destination* to, Peer* peer, Parcel parcel) {
  const bool reused = peer->letters() > 0;
  const post::QueueEntry& first = parcel.entries.front();
  const Deadline until = Deadline::in(first.next_attempt - parts_.clock.now() - kSettling, &cancel_);
  auto answers =
      co_await peer->send(envelope_of(parcel), ReadBody{&parts_.mailboxes, first.body, first.front_size}, until);
  if (answers) {
    std::vector<Verdict> verdicts;
    bool leaving = false;  // RFC 5321 §3.8: after a 421 the other side closes
    for (const auto& answer : *answers) {
      verdicts.push_back({outcome_of(answer.reply), status_in(answer), peer->host(), peer->tls(),
                          printable(answer.words.empty() ? answer.reply.text : answer.words, 500), peer->at().ip(),
                          peer->offers().dsn});
      leaving |= answer.reply.code == 421;
    }
    const std::size_t recipients = verdicts.size();
    co_await parts_.settlement.settle(std::move(parcel), std::move(verdicts));
    finished_(recipients);
    co_return !leaving;
  }
  const Error& error = answers.error();
  switch (error.code()) {
    case Errc::unsupported:
    case Errc::too_large:
    case Errc::invalid: {
      Verdict never{Outcome::never, status_of(error, parcel, *peer), peer->host(), peer->tls(), error.text(),
                    peer->at().ip()};
      co_await finish(std::move(parcel), std::move(never));
      co_return true;
    }
    default:
      break;
  }
  if (error.code() == Errc::closed && reused && !parcel.again) {
    // The other side had closed a connection that we kept: no fault of the letter's.
    parcel.again = true;
    to->line.push_front(std::move(parcel));
    co_return false;
  }
  to->limit = std::max<std::size_t>(1, to->limit / 2);
  Verdict verdict = later("4.4.2", peer->host(), error.text());
  verdict.tls = peer->tls();
  verdict.peer = peer->at().ip();
  co_await finish(std::move(parcel), std::move(verdict));
  co_return false;
}

Task<void> Outbound::finish(Parcel parcel, Verdict verdict) {
  const std::size_t recipients = parcel.entries.size();
  // Given up because everything ends, it keeps its place in the queue.
  if (!cancel_.cancelled()) co_await parts_.settlement.settle(std::move(parcel), std::move(verdict));
  finished_(recipients);
}

void Outbound::close(Destination& to, const std::string& why) {
  if (to.failures == 0) parts_.counts.unreachable.add();
  const unsigned doublings = std::min(to.failures++, 10u);
  const Duration span = std::min(parts_.limits.closed * (1 << doublings), parts_.limits.closed_longest);
  to.closed_until = parts_.clock.steady() + span;
  to.limit = 1;
  to.why = why;
  for (Parcel& parcel : std::exchange(to.line, {})) tasks_.spawn(finish(std::move(parcel), later("4.4.1", {}, why)));
}

void Outbound::forget(Destination& to) {
  if (to.workers > 0 || !to.line.empty()) return;
  const Steady now = parts_.clock.steady();
  if (to.failures == 0) {
    parts_.counts.destinations.add(-1);
    destinations_.erase(std::string(to.domain));
  } else if (destinations_.size() > kRemembered) {
    std::erase_if(destinations_, [this, now](const auto& entry) {
      const Destination& d = entry.second;
      if (d.workers > 0 || !d.line.empty() || d.closed_until > now) return false;
      parts_.counts.destinations.add(-1);
      if (d.failures > 0) parts_.counts.unreachable.add(-1);
      return true;
    });
  }
}

}  // namespace chappe::agents::mta
