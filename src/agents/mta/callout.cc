#include "agents/mta/callout.h"

#include <map>
#include <mutex>

#include "agents/door/rules_question.h"
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
  std::mutex mutex;  // guards what follows, for one look
  std::map<post::RulesName, std::shared_ptr<const post::Known>> rules;

  static Task<void> carry(std::shared_ptr<State> state, std::size_t index);
  static Task<Result<Reply>> ask(std::shared_ptr<State> state, Question question, Deadline deadline);
  static Task<Result<Reply>> ask_rcpt(std::shared_ptr<State> state, std::string address, Deadline deadline);
  // What the name stands for, or what has taken its place since.
  static Task<Result<std::shared_ptr<const post::Known>>> rules_of(std::shared_ptr<State> state, post::RulesName name,
                                                                   Deadline deadline);
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
                                  .lmtp = true,
                                  .reply = kMaxRulesWords},
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

Task<Result<Reply>> Callout::State::ask_rcpt(std::shared_ptr<State> state, std::string address, Deadline deadline) {
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
  co_return co_await ask(std::move(state), std::move(question), deadline);
}

Task<Result<post::RcptAnswer>> Callout::resolve_rcpt(std::string address, Deadline deadline) {
  const Reply said = CO_TRY(co_await State::ask_rcpt(state_, std::move(address), deadline));
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

Task<Result<std::shared_ptr<const post::Known>>> Callout::State::rules_of(std::shared_ptr<State> state,
                                                                          post::RulesName name, Deadline deadline) {
  {
    std::lock_guard lock(state->mutex);
    if (const auto found = state->rules.find(name); found != state->rules.end()) co_return found->second;
  }
  std::string address = rules_address(name);
  Question question{.key = "rules " + address, .group = {}, .kept = false, .envelope = {}};
  question.envelope.recipients.push_back({.address = std::move(address)});
  const Reply said = CO_TRY(co_await ask(state, std::move(question), deadline));
  if (!said.positive()) co_return std::unexpected(no_answer(said));
  auto rules = read_rules(said.text);
  if (!rules) co_return fail(Errc::unavailable, "The mda's rules cannot be read: {}", rules.error().text());
  const auto known = std::make_shared<const post::Known>(name.scope, std::move(*rules));
  std::lock_guard lock(state->mutex);
  if (state->rules.size() >= state->lane_parts.limits.rules) state->rules.erase(state->rules.begin());
  state->rules.insert_or_assign(known->name(), known);
  co_return known;
}

Task<Result<std::vector<post::KnownChain>>> Callout::rules_for(std::string address, post::AccountId,
                                                               Deadline deadline) {
  const Reply said = CO_TRY(co_await State::ask_rcpt(state_, std::move(address), deadline));
  if (!said.positive()) co_return std::unexpected(no_answer(said));
  const auto named = read_named_rules(said.text);
  if (!named) co_return fail(Errc::unavailable, "The mda's rules cannot be read: {}", named.error().text());
  std::vector<post::KnownChain> out;
  for (const auto& chain : *named) {
    out.emplace_back();
    for (const post::RulesName& name : chain) {
      auto known = CO_TRY(co_await State::rules_of(state_, name, deadline));
      if (!known->rules().empty()) out.back().push_back(std::move(known));
    }
  }
  co_return out;
}

}  // namespace chappe::agents
