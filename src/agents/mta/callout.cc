#include "agents/mta/callout.h"

#include "agents/mta/callout_lane.h"
#include "base/text.h"
#include "codec/idna.h"
#include "post/address.h"

namespace chappe::agents {

using mta::CalloutLane;
using mta::Question;
using net::Deadline;
using net::Task;
using proto::smtp::Reply;

namespace {

// The mda's way of saying that a domain is not its own (agents/door/recipient.h).
bool says_foreign(const Reply& reply) { return reply.permanent() && reply.enhanced == "5.7.1"; }
// Its way of saying that an account may write as somebody only with its own address beside (agents/mda/delivery.cc).
bool says_on_behalf(const Reply& reply) { return reply.code == 550 && reply.enhanced == "5.7.1"; }
bool says_full(const Reply& reply) { return reply.enhanced == "4.2.2" || reply.enhanced == "5.2.2"; }

Error no_answer(const Reply& reply) { return {Errc::unavailable, "The mailboxes cannot be asked now: " + reply.text}; }

}  // namespace

struct Callout::State {
  State(Parts p, mta::CalloutParts l) : parts(p), lane_parts(std::move(l)) {}

  struct Lane {
    net::Cancel cancel;
    std::unique_ptr<CalloutLane> work;
  };

  Parts parts;
  mta::CalloutParts lane_parts;
  std::vector<Lane> lanes{parts.shards.size()};

  static Task<void> carry(std::shared_ptr<State> state, std::size_t index);
  static Task<Result<Reply>> ask(std::shared_ptr<State> state, Question question, Deadline deadline);
};

// Keeps a shard's lane while it is needed.
Task<void> Callout::State::carry(std::shared_ptr<State> state, std::size_t index) {
  Lane& lane = state->lanes[index];
  const net::Shard::Member member(*net::Shard::current(), lane.cancel);
  lane.work = std::make_unique<CalloutLane>(&state->lane_parts, &lane.cancel);
  while (!lane.cancel.cancelled()) (void)co_await net::sleep(Deadline::in(std::chrono::hours(24), &lane.cancel));
  co_await lane.work->join();
  lane.work.reset();
}

Task<Result<Reply>> Callout::State::ask(std::shared_ptr<State> state, Question question, Deadline deadline) {
  net::OneShot<Reply> answer;
  const std::string& by = question.group.empty() ? question.key : question.group;
  net::Shard& home = state->parts.shards.home(std::hash<std::string>()(by));
  home.post([state, index = home.index(), q = std::move(question), to = answer.sender()]() mutable {
    if (auto& work = state->lanes[index].work) work->take(std::move(q), std::move(to));
  });
  auto said = co_await answer.receive(deadline);
  if (!said && said.error().code() == Errc::closed) co_return fail(Errc::unavailable, "this server is stopping");
  co_return said;
}

Result<std::unique_ptr<Callout>> Callout::make(Parts parts, CalloutOptions options) {
  mta::CalloutParts lane{.resolver = parts.resolver,
                         .clock = parts.clock,
                         .log = parts.log,
                         .counts = mta::CalloutCounts(parts.metrics),
                         .mda = std::move(options.mda),
                         .peer = {.hostname = std::move(options.hostname),
                                  .tls = options.trust,
                                  .times = options.times,
                                  .wanted = options.trust ? mta::PeerTls::always : mta::PeerTls::offered,
                                  .lmtp = true},
                         .limits = options.limits};
  if (!lane.peer.tls) lane.peer.tls = TRY(crypto::TlsClient::opportunistic());
  return std::unique_ptr<Callout>(new Callout(std::make_shared<State>(parts, std::move(lane))));
}

Callout::~Callout() = default;

void Callout::start() {
  for (std::size_t i = 0; i < state_->lanes.size(); ++i) {
    net::Shard& shard = state_->parts.shards.at(i);
    shard.post([state = state_, &shard, i] { shard.tasks().spawn(State::carry(state, i)); });
  }
}

void Callout::stop() {
  for (std::size_t i = 0; i < state_->lanes.size(); ++i)
    state_->parts.shards.at(i).post([state = state_, i] { state->lanes[i].cancel.cancel(); });
}

Task<Result<post::RcptAnswer>> Callout::resolve_rcpt(std::string address, Deadline deadline) {
  const auto at = address.rfind('@');
  if (at == std::string::npos && !iequals(address, "postmaster"))
    co_return fail(Errc::invalid, "an address without domain: {}", printable(address));
  // Two spellings that the mda would take for one are one question.
  const auto parsed = post::AddressKey::parse(address);
  Question question{.key = "rcpt " + (parsed ? parsed->text() : address), .group = {}, .envelope = {}};
  if (at != std::string::npos) {
    const auto domain = codec::domain_to_ascii(ByteView(address).substr(at + 1));
    question.group = "domain " + (domain ? *domain : to_lower(ByteView(address).substr(at + 1)));
    question.is_of_group = says_foreign;
  }
  question.envelope.recipients.push_back({.address = std::move(address)});
  const Reply said = CO_TRY(co_await State::ask(state_, std::move(question), deadline));
  post::RcptAnswer out;
  if (says_full(said)) {
    out.kind = post::RcptAnswer::Kind::mda;
    out.full = true;
  } else if (said.positive()) {
    out.kind = post::RcptAnswer::Kind::mda;
  } else if (says_foreign(said)) {
    out.kind = post::RcptAnswer::Kind::remote;
  } else if (!said.permanent()) {
    co_return std::unexpected(no_answer(said));
  }
  co_return out;
}

Task<Result<post::SendRight>> Callout::may_send(post::LoggedIn who, std::string address, Deadline deadline) {
  Question question{.key = "send " + who.address + " " + address, .group = {}, .envelope = {}};
  question.envelope.from = std::move(address);
  question.envelope.auth = std::move(who.address);
  const Reply said = CO_TRY(co_await State::ask(state_, std::move(question), deadline));
  if (!said.positive() && !said.permanent()) co_return std::unexpected(no_answer(said));
  if (said.positive()) co_return post::SendRight::as;
  co_return says_on_behalf(said) ? post::SendRight::on_behalf : post::SendRight::none;
}

}  // namespace chappe::agents
