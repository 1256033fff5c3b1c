#include "agents/mta/callout_lane.h"

namespace chappe::agents::mta {

using net::Deadline;
using net::Task;
using proto::smtp::Reply;

namespace {

// For a connection to be opened, or a question to be answered, however slowly the mda goes on.
constexpr Duration kWhole = std::chrono::seconds(30);

const Metric<Counter, 1> kQuestions("chappe_mda_questions_total",
                                    "Questions to the mda about addresses and senders, by how they were answered: "
                                    "remembered, joined (with one under way), asked, stale (remembered, because it "
                                    "did not answer), unanswered.",
                                    {"answer"});
const chappe::Event kSilent("mda.silent", Level::warning, {"mda", "error"},
                            "The mda of the site could not be asked (server.mda). Recipients that were known a while "
                            "ago are still accepted, all others are told to come later; letters wait in the queue.");

// Whether the mda has said what it knows, and not only that it cannot now.
bool is_answer(const Reply& reply) { return !reply.transient() || reply.enhanced == "4.2.2"; }

}  // namespace

CalloutCounts::CalloutCounts(Metrics& metrics)
    : remembered(metrics.of(kQuestions, "remembered")),
      joined(metrics.of(kQuestions, "joined")),
      asked(metrics.of(kQuestions, "asked")),
      stale(metrics.of(kQuestions, "stale")),
      unanswered(metrics.of(kQuestions, "unanswered")) {}

// ---- what is remembered

bool CalloutLane::believed(const Known& known, bool without_mda) const {
  const CalloutLimits& l = parts_.limits;
  const Duration age = parts_.clock.steady() - known.when;
  if (!known.reply.positive()) return age < l.no;
  return age < (without_mda ? l.yes_without_mda : l.yes);
}

const CalloutLane::Known* CalloutLane::find(const Question& question, bool without_mda) {
  for (const std::string* key : {&question.key, &question.group}) {
    const auto at = by_key_.find(*key);
    if (at == by_key_.end() || !believed(*at->second, without_mda)) continue;
    answers_.splice(answers_.end(), answers_, at->second);
    return &answers_.back();
  }
  return nullptr;
}

// What holds for now only (4xx) is not remembered.
void CalloutLane::remember(const Question& question, const Reply& reply) {
  if (!question.kept || (!reply.positive() && !reply.permanent())) return;
  const bool all = question.is_of_group && question.is_of_group(reply);
  const std::string& key = all ? question.group : question.key;
  if (const auto at = by_key_.find(key); at != by_key_.end()) {
    answers_.splice(answers_.end(), answers_, at->second);
  } else {
    if (answers_.size() >= parts_.limits.answers) {
      by_key_.erase(answers_.front().key);
      answers_.pop_front();
    }
    answers_.push_back({key, {}, {}});
    by_key_.emplace(answers_.back().key, std::prev(answers_.end()));
  }
  answers_.back().reply = reply;
  answers_.back().when = parts_.clock.steady();
}

// ---- questions

void CalloutLane::take(Question question, Sender to) {
  if (const Known* known = find(question, false)) {
    parts_.counts.remembered.add();
    return to.send(known->reply);
  }
  if (const auto same = waiting_.find(question.key); same != waiting_.end()) {
    parts_.counts.joined.add();
    same->second.push_back(std::move(to));
    return;
  }
  if (waiting_.size() >= parts_.limits.questions)
    return to.send(fail(Errc::busy, "too many questions wait for the mda"));
  waiting_[question.key].push_back(std::move(to));
  tasks_.spawn(answer(std::move(question)));
}

Task<void> CalloutLane::answer(Question question) {
  Result<Reply> said = co_await put(&question, Deadline::in(parts_.limits.turn, &cancel_));
  if (said) {
    parts_.counts.asked.add();
    remember(question, *said);
  } else if (said.error().code() == Errc::invalid || said.error().code() == Errc::unsupported) {
    said = Reply(501, "5.1.3", said.error().text());  // what cannot even be asked is nobody's
  }
  if (!said || !is_answer(*said)) {
    if (const Known* known = find(question, true)) {
      parts_.counts.stale.add();
      said = known->reply;
    } else {
      parts_.counts.unanswered.add();
    }
  }
  const auto waiting = waiting_.extract(question.key);
  for (Sender& to : waiting.mapped()) to.send(said);
}

Task<Result<Reply>> CalloutLane::put(const Question* question, Deadline deadline) {
  if (parts_.clock.steady() < closed_until_) co_return fail(Errc::unavailable, "{}", why_);
  for (const bool fresh : {false, true}) {
    auto peer = co_await connection(fresh, deadline);
    if (!peer) {
      if (cancel_.cancelled()) co_return fail(Errc::unavailable, "this server is stopping");
      why_ = peer.error().text();
      closed_until_ = parts_.clock.steady() + parts_.limits.pause;
      parts_.log.event(kSilent, parts_.mda.host, why_);
      co_return fail(Errc::unavailable, "{}", why_);
    }
    const bool kept = (*peer)->letters() > 0;
    auto said = co_await (*peer)->ask(question->envelope, Deadline::in(kWhole, &cancel_));
    if (said || said.error().code() == Errc::invalid || said.error().code() == Errc::unsupported) {
      give_back(std::move(*peer));
      if (!said) co_return std::unexpected(said.error());
      co_return std::move(said->reply);
    }
    give_back(nullptr);
    // One that had been kept may have been closed long ago.
    if (!kept || said.error().code() != Errc::closed) co_return fail(Errc::unavailable, "{}", said.error().text());
  }
  co_return fail(Errc::unavailable, "the mda closes every connection");
}

// ---- connections

Task<Result<std::unique_ptr<Peer>>> CalloutLane::connection(bool fresh, Deadline deadline) {
  while (idle_.empty() && open_ >= parts_.limits.connections) {
    free_.reset();
    CO_TRY(co_await free_.wait(deadline));
  }
  if (!idle_.empty() && !fresh) {
    auto peer = std::move(idle_.back());
    idle_.pop_back();
    co_return peer;
  }
  if (!idle_.empty()) {  // as old as the one that has just failed
    open_ -= idle_.size();
    idle_.clear();
  }
  ++open_;
  auto at = co_await find_hop(&parts_.resolver, parts_.mda, deadline);
  Result<std::unique_ptr<Peer>> opened = fail(Errc::unavailable, "");
  if (at) {
    opened = co_await Peer::open(&parts_.peer, parts_.mda.host, std::move(*at), Deadline::in(kWhole, &cancel_));
  } else {
    opened = std::unexpected(at.error());
  }
  if (!opened) give_back(nullptr);
  co_return opened;
}

void CalloutLane::give_back(std::unique_ptr<Peer> peer) {
  if (peer) {
    idle_.push_back(std::move(peer));
  } else {
    --open_;
  }
  free_.set();
}

}  // namespace chappe::agents::mta
