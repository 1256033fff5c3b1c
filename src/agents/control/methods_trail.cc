// The methods of the trail. docs/formats/trail.md shows their answers.
#include "agents/control/params.h"
#include "base/text.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;
using post::TrailEnd;
using post::TrailEvent;
using post::TrailHead;
using post::TrailLetter;
using post::TrailRcpt;
using post::TrailReply;
using post::TrailStep;
using post::TrailVerdict;

void maybe(Writer& w, std::string_view name, const std::string& value) {
  if (!value.empty()) w.field(name, value);
}

void write_reply(Writer& w, const TrailReply& reply) {
  if (reply.code == 0) return;
  w.field("code", reply.code);
  maybe(w, "status", reply.status);
  maybe(w, "words", reply.text);
}

Writer& begin_step(Writer& w, Time at, std::string_view event) {
  return w.begin_object().field("at", to_rfc3339(at)).field("event", event);
}

void maybe(Writer& w, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  w.key(name).begin_array();
  for (const std::string& one : texts) w.value(one);
  w.end_array();
}

// By the names that chappe verify has for them (docs/formats/verdict.md).
void write_grounds(Writer& w, const post::TrailGrounds& grounds) {
  maybe(w, "evidence", grounds.evidence);
  if (!grounds.author.empty()) {
    w.key("dmarc").begin_object().field("domain", grounds.author);
    maybe(w, "record", grounds.record);
    w.end_object();
  }
  if (!grounds.spf_term.empty())
    w.key("spf")
        .begin_object()
        .field("decided_by", grounds.spf_term)
        .field("decided_at", grounds.spf_domain)
        .end_object();
  maybe(w, "dkim", grounds.signatures);
}

// What was known of who answered for the letter.
void write_standings(Writer& w, const std::vector<post::TrailStanding>& standings) {
  w.key("reputation").begin_array();
  for (const post::TrailStanding& s : standings)
    w.begin_object()
        .field("kind", s.kind)
        .field("name", s.name)
        .field("score", s.score / 1000.0)
        .field("confidence", s.confidence / 1000.0)
        .end_object();
  w.end_array();
}

void write_judge(Writer& w, Time at, const post::TrailJudge& judge) {
  begin_step(w, at, "heard").field("judge", judge.name).field("action", judge.action);
  if (judge.step != "none") w.field("step", judge.step);
  maybe(w, "score", judge.score);
  maybe(w, "reason", judge.reason);
  maybe(w, "failure", judge.failure);
  w.field("ms", std::chrono::duration_cast<std::chrono::milliseconds>(judge.took).count());
  maybe(w, "undone", judge.undone);
  w.end_object();
}

// What happened at the door: to the letter, then to each recipient.
void write_arrival(Writer& w, const TrailHead& head) {
  const bool given_up = !head.taken && head.reply.code == 0;
  begin_step(w, head.at, head.taken ? "accepted" : head.discarded ? "discarded" : given_up ? "abandoned" : "refused");
  w.field("door", head.origin.door);
  maybe(w, "peer", head.origin.peer);
  maybe(w, "hello", head.origin.hello);
  maybe(w, "account", head.origin.account);
  maybe(w, "tls", head.origin.tls);
  maybe(w, "session", head.origin.session);
  if (head.about) w.field("about", head.about.text());
  write_reply(w, head.reply);
  w.end_object();
  if (!head.verdict.authentication.empty()) {
    begin_step(w, head.at, "judged");
    maybe(w, "action", head.verdict.action);  // nothing, of a letter that others turned away
    maybe(w, "reason", head.verdict.reason);
    maybe(w, "overrides", head.verdict.overrides);
    w.field("authentication", head.verdict.authentication);
    write_grounds(w, head.verdict.grounds);
    if (!head.verdict.standings.empty()) write_standings(w, head.verdict.standings);
    w.end_object();
  }
  for (const TrailVerdict::Apart& one : head.verdict.apart) {
    begin_step(w, head.at, "judged").field("to", one.address).field("action", one.action).field("reason", one.reason);
    maybe(w, "overrides", one.overrides);
    maybe(w, "evidence", one.evidence);
    w.end_object();
  }
  for (const post::TrailJudge& judge : head.verdict.judges) write_judge(w, head.at, judge);
  for (const TrailRcpt& rcpt : head.rcpts) {
    if (rcpt.reply.code == 0) continue;
    begin_step(w, head.at, "refused").field("to", rcpt.address);
    write_reply(w, rcpt.reply);
    w.end_object();
  }
  for (const TrailEnd& end : head.ends) {
    const bool filed = end.kind == TrailEnd::Kind::mailbox;
    begin_step(w, head.at, filed ? "filed" : "queued").field("to", end.address);
    if (filed) w.field("mailbox", end.mailbox.empty() ? "INBOX" : end.mailbox);
    w.end_object();
  }
}

void write_step(Writer& w, const TrailStep& step) {
  begin_step(w, step.at, trail_event_name(step.event)).field("to", step.address);
  maybe(w, "host", step.host);
  maybe(w, "peer", step.peer);
  maybe(w, "tls", step.tls);
  maybe(w, "status", step.status);
  // Of quarantine, words are ours.
  maybe(w,
        step.event == TrailEvent::held    ? "reason"
        : step.event == TrailEvent::filed ? "mailbox"
                                          : "words",
        step.words);
  maybe(w, "who", step.who);
  if (step.event == TrailEvent::deferred) w.field("next", to_rfc3339(step.next));
  if (step.notice) w.field("notice", step.notice.text());
  w.end_object();
}

void write_letter(Writer& w, const TrailLetter& letter) {
  const TrailHead& head = letter.head;
  w.begin_object().field("letter", letter.id.text()).field("at", to_rfc3339(head.at));
  w.field("state", trail_state(letter)).field("from", head.sender);
  w.key("to").begin_array();
  for (const TrailRcpt& rcpt : head.rcpts) w.value(rcpt.address);
  // A notification was never named by RCPT.
  if (head.rcpts.empty())
    for (const TrailEnd& end : head.ends) w.value(end.address);
  w.end_array().field("size", head.size);
  if (head.more_rcpts > 0) w.field("more_recipients", head.more_rcpts);
  w.key("steps").begin_array();
  write_arrival(w, head);
  for (const TrailStep& step : letter.steps) write_step(w, step);
  w.end_array();
  if (letter.more_steps > 0) w.field("more_steps", letter.more_steps);
  w.end_object();
}

}  // namespace

Answer trail_show(const Office* office, Call call) {
  const auto letter = CO_TRY(letter_of(text_of(call, "letter")));
  const TrailLetter found = CO_TRY(co_await office->trail->show(letter, call.deadline));
  std::string out;
  Writer w(out);
  write_letter(w, found);
  co_return out;
}

Answer trail_find(const Office* office, Call call) {
  post::TrailQuery query;
  query.from = text_of(call, "from");
  query.to = text_of(call, "to");
  query.since = CO_TRY(time_of(call, "since")).value_or(Time());
  query.until = CO_TRY(time_of(call, "until"));
  query.refused = maybe_yes(call, "refused").value_or(false);
  if (const auto before = maybe_text(call, "before")) query.before = CO_TRY(letter_of(*before));
  const auto page = CO_TRY(co_await office->trail->find(std::move(query), page_of(call), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("letters").begin_array();
  for (const TrailLetter& letter : page.letters) write_letter(w, letter);
  w.end_array();
  if (page.next) w.field("next", page.next->text());
  w.end_object();
  co_return out;
}

Answer trail_refused(const Office* office, Call call) {
  const Time since = CO_TRY(time_of(call, "since")).value_or(Time());
  const auto rows = CO_TRY(co_await office->trail->refused(since, page_of(call), call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("connections").begin_array();
  for (const post::TrailRefused& row : rows) {
    w.begin_object().field("hour", to_rfc3339(row.hour)).field("door", row.door).field("network", row.network);
    w.field("reason", row.reason).field("count", row.count);
    w.field("first", to_rfc3339(row.first)).field("last", to_rfc3339(row.last)).end_object();
  }
  w.end_array().end_object();
  co_return out;
}

}  // namespace chappe::agents::control
