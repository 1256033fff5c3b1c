#include "agents/door/heard.h"

#include "agents/door/taking.h"
#include "base/text.h"
#include "post/delivery/route.h"
#include "post/policy/rewrite.h"
#include "trust/dmarc/action.h"
#include "trust/iprev.h"

namespace chappe::agents {

using net::Task;
using proto::smtp::Reply;

namespace {

const Event kHeard("judge.heard", Level::info,
                   {"session", "letter", "judge", "action", "step", "score", "reason", "ms", "error"},
                   "A judge (a milter) was told of a letter. action is what it wants, step where it said so; error why "
                   "it said nothing, and action then is what the configuration wants without it.");
const Event kUnheeded("judge.unheeded", Level::warning, {"session", "letter", "judge", "why", "what"},
                      "A judge wanted something that is not done, as letters are never rewritten and nothing is done "
                      "that would be a forgery; the rest of what it wanted is. It may need another configuration.");
const Event kDiscarded("judge.discarded", Level::info, {"session", "letter", "sender", "size"},
                       "A letter was thrown away because a judge wanted that; its sender was told 250.");

constexpr std::string_view kJunk = "Junk";  // every account has it (post/mailbox/mailbox.h)
// Judges hear the body in such portions: a milter takes no more at once.
constexpr std::size_t kPortion = 64 * 1024;
// How long they wait for the names of the client.
constexpr Duration kNames = std::chrono::seconds(5);
// Of a header with what judges wrote into it; it stands in one row with the trace (store/bodies.h: kMaxFront).
constexpr std::size_t kMostHeader = 192 * 1024;
constexpr std::size_t kMostUndone = 20;  // on the trail, of one judge

std::string score_of(const post::Opinion& opinion) {
  return opinion.score() ? fmt::format("{:.2f}", *opinion.score()) : std::string();
}

// Without the dot of the root.
std::string plain(const dns::Name& name) {
  std::string out = name.text();
  if (out.size() > 1 && out.ends_with('.')) out.pop_back();
  return out;
}

void left_undone(Session& session, Transaction& t, const std::string& judge, const post::UnheededWish& wish) {
  const std::string_view why = unheeded_row(wish.why).id;
  session.site().log.event(kUnheeded, session.id(), t.id.text(), judge, why, wish.what);
  const auto row = std::ranges::find(t.verdict.judges, judge, &post::TrailJudge::name);
  if (row != t.verdict.judges.end() && row->undone.size() < kMostUndone)
    row->undone.push_back(wish.what.empty() ? std::string(why) : fmt::format("{} {}", why, wish.what));
}

}  // namespace

HeardSession::HeardSession(Session& session, std::vector<std::shared_ptr<post::Judge>> judges)
    : session_(session), judges_(std::move(judges), session.site().clock) {}

std::optional<Reply> HeardSession::reply_of(const post::Ruling& ruling) const {
  return ruling.refuses() ? std::optional(ruling.reply) : std::nullopt;
}

// RFC 8601 §3: the name of an address that leads back to it. Its questions are asked again, out of the cache, by the
// judgement of the exchanger.
Task<void> HeardSession::introduce() {
  Site& site = session_.site();
  const net::Endpoint& local = session_.stream().local();
  post::ConnectionFacts facts{.ip = session_.peer().ip(),
                              .port = session_.peer().port(),
                              .local_ip = local.ip(),
                              .local_port = local.port(),
                              .hostname = site.hostname,
                              .door = session_.door().name};
  if (site.resolver) {
    const trust::Iprev names = co_await trust::check_iprev(*site.resolver, facts.ip, session_.within(kNames));
    if (names.reason == trust::IprevReason::confirmed) facts.name = plain(names.name);
    if (!names.names.empty()) facts.ptr = plain(names.names.front().name);
  }
  // What is said to it is said again to each letter, or now, at hello().
  (void)co_await judges_.connect(std::move(facts), deadline());
}

Task<std::optional<Reply>> HeardSession::hello(const proto::smtp::Hello* hello) {
  post::HelloFacts facts{.hello = *hello, .tls = {}};
  if (const auto& tls = session_.tls()) facts.tls = {.version = tls->version, .cipher = tls->cipher};
  if (!std::exchange(introduced_, true)) co_await introduce();
  co_return reply_of(co_await judges_.hello(std::move(facts), deadline()));
}

Task<std::optional<Reply>> HeardSession::mail(const Transaction* transaction, std::string mechanism) {
  post::MailFacts facts{.letter = transaction->id.text(), .mail = transaction->mail, .login = {}};
  if (!session_.account().empty()) facts.login = {.mechanism = std::move(mechanism), .account = session_.account()};
  in_letter_ = true;
  header_told_ = false;
  body_.clear();
  co_return reply_of(co_await judges_.mail(std::move(facts), deadline()));
}

Task<std::optional<Reply>> HeardSession::rcpt(proto::smtp::Rcpt rcpt, std::optional<Reply> refused) {
  const bool told_already = refused.has_value();
  const auto ruling = co_await judges_.rcpt({.rcpt = std::move(rcpt), .refused = std::move(refused)}, deadline());
  co_return told_already ? std::nullopt : reply_of(ruling);
}

Task<std::optional<Reply>> HeardSession::data() { co_return reply_of(co_await judges_.data(deadline())); }

void HeardSession::begin(post::Ingest* ingest) { ingest->hold_header(); }

Task<void> HeardSession::tell_header(const post::Ingest* ingest) {
  header_told_ = true;
  (void)co_await judges_.header(std::make_shared<const Bytes>(ingest->header().flatten()), deadline());
}

Task<void> HeardSession::feed(const post::Ingest* ingest, Chunk piece, std::size_t body) {
  if (!ingest->header_complete()) co_return;
  if (!header_told_) co_await tell_header(ingest);
  body_.append_compact(piece.slice(piece.size() - body, body));
  if (body_.size() < kPortion) co_return;
  (void)co_await judges_.body(std::exchange(body_, {}), deadline());
}

Task<std::optional<Reply>> HeardSession::end(const post::Ingest* ingest, Transaction* transaction) {
  if (!header_told_) co_await tell_header(ingest);
  if (!body_.empty()) (void)co_await judges_.body(std::exchange(body_, {}), deadline());
  const auto ruling = co_await judges_.end(deadline());
  in_letter_ = false;
  note(transaction);
  // The process drains, and the judges were interrupted: nothing is decided without them.
  if (session_.draining() && std::ranges::any_of(transaction->heard.heard, [](const post::Heard& h) {
        return h.failure && h.failure->code() == Errc::cancelled;
      }))
    co_return Reply(proto::smtp::Rule::shutdown);
  co_return reply_of(ruling);
}

void HeardSession::note(Transaction* transaction) {
  transaction->heard = judges_.verdict();
  transaction->verdict.judges.clear();
  for (const post::Heard& one : transaction->heard.heard) {
    const post::Opinion& said = one.opinion;
    transaction->verdict.judges.push_back({.name = one.judge,
                                           .action = std::string(action_id(said.action())),
                                           .step = std::string(step_id(one.at)),
                                           .score = score_of(said),
                                           .reason = said.reason().empty() && said.refuses() && !one.failure
                                                         ? printable(said.reply().text, post::Opinion::kMaxReason)
                                                         : said.reason(),
                                           .failure = one.failure ? one.failure->text() : std::string(),
                                           .took = one.took});
    const post::TrailJudge& row = transaction->verdict.judges.back();
    const auto maybe = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
    session_.site().log.event(kHeard, session_.id(), transaction->id.text(), row.name, row.action, row.step,
                              maybe(row.score), maybe(row.reason), row.took, maybe(row.failure));
    for (const post::UnheededWish& wish : said.unheeded()) left_undone(session_, *transaction, one.judge, wish);
  }
}

Task<void> HeardSession::abort() {
  if (!std::exchange(in_letter_, false)) co_return;
  body_.clear();
  co_await judges_.abort(deadline());
}

Task<void> HeardSession::close() { co_await judges_.close(deadline()); }

namespace {

// The changes of the header. Those of one that has been written already can only stand above it.
void rewrite(Session& session, Transaction& t, post::Ingest& ingest, post::Ingest::Drop drop) {
  post::Rewriting how{.authserv_id = session.site().hostname, .drop = std::move(drop), .most = kMostHeader};
  const bool held = ingest.held_header().has_value();
  const Bytes header = held ? ingest.header().flatten() : Bytes();
  post::Rewritten done = held ? post::rewrite(header, t.heard.heard, how) : post::fields_above(t.heard.heard, how);
  for (const auto& [judge, wish] : done.unheeded) left_undone(session, t, judge, wish);
  if (!done.changed) return;
  t.eight_bit = std::ranges::any_of(done.header, is_8bit);
  if (held)
    ingest.change_header(std::move(done.header));
  else
    t.added = std::move(done.header);
}

void remove(Transaction& t, const std::string& address) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < t.accepted.size(); ++i) {
    const std::size_t ends = t.ends_of[i];
    if (iequals(t.accepted[i], address)) {
      const auto first = t.recipients.begin() + static_cast<std::ptrdiff_t>(at);
      t.recipients.erase(first, first + static_cast<std::ptrdiff_t>(ends));
      std::erase_if(t.expanded, [&](const message::DsnRecipient& r) { return r.address == t.accepted[i]; });
      t.ends_of[i] = 0;
    }
    at += t.ends_of[i];
  }
}

// False: it leads nowhere. Errors, of the directory: it cannot be told now.
Task<Result<bool>> add(Session* session, Transaction* t, std::string address, const Place* place) {
  Site& site = session->site();
  auto routed = co_await post::route(&site.rcpts, address, session->within(site.limits.commit));
  if (!routed && routed.error().temporary()) co_return std::unexpected(std::move(routed.error()));
  if (!routed) co_return false;
  const auto before = static_cast<std::ptrdiff_t>(t->recipients.size());
  enter(t, {}, address, std::move(*routed));
  if (*place) std::for_each(t->recipients.begin() + before, t->recipients.end(), *place);
  co_return true;
}

}  // namespace

Task<Result<bool>> heed(Session* session, Transaction* transaction, post::Ingest* ingest, post::Ingest::Drop drop,
                        Place place) {
  Transaction& t = *transaction;
  if (t.heard.heard.empty()) co_return true;
  rewrite(*session, t, *ingest, std::move(drop));
  for (const post::Heard& one : t.heard.heard) {
    if (const auto& sender = one.opinion.sender()) {
      const auto path = proto::smtp::parse_reverse_path("<" + sender->address + ">");
      if (path) t.mail.path = path->path;
      if (!sender->parameters.empty())
        left_undone(*session, t, one.judge, {post::Unheeded::parameters, printable(sender->parameters)});
    }
    for (const post::RecipientChange& change : one.opinion.recipients()) {
      if (change.kind == post::RecipientChange::Kind::remove)
        remove(t, change.address);
      else if (!CO_TRY(co_await add(session, transaction, change.address, &place)))
        left_undone(*session, t, one.judge, {post::Unheeded::no_destination, printable(change.address)});
      if (!change.parameters.empty())
        left_undone(*session, t, one.judge, {post::Unheeded::parameters, printable(change.parameters)});
    }
  }
  co_return !t.recipients.empty();
}

Task<Replies> discard(Session* session, Transaction* transaction, std::uint64_t size) {
  Site& site = session->site();
  post::TrailHead head = trail_of(*session, *transaction);
  head.discarded = true;
  head.size = size;
  const auto written =
      co_await site.trail.write(transaction->id, std::move(head), Session::regardless(site.limits.commit));
  if (!written) co_return Replies{refusal(written.error())};
  transaction->discarded = true;
  site.log.event(kDiscarded, session->id(), transaction->id.text(), transaction->mail.path.address(), size);
  co_return Replies{Reply(250, "2.0.0", fmt::format("Taken as {}", transaction->id.text()))};
}

void set_apart(Transaction* transaction) {
  const post::Action action = transaction->heard.action;
  for (post::LetterRecipient& recipient : transaction->recipients) {
    if (action == post::Action::quarantine && recipient.held.empty())
      recipient.held = action_reason_row(trust::dmarc::ActionReason::judge_set_apart).id;
    if (action == post::Action::junk && recipient.destination.kind != post::Destination::Kind::remote)
      recipient.destination.mailbox = kJunk;
  }
}

}  // namespace chappe::agents
