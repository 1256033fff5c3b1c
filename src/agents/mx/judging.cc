#include "agents/mx/judging.h"

#include "base/log.h"
#include "trust/authres/results.h"
#include "trust/judgement.h"

namespace chappe::agents {
namespace {

using proto::smtp::Reply;
namespace dmarc = trust::dmarc;

constexpr Duration kOrganization = std::chrono::seconds(2);  // for the DNS to say where an author belongs
constexpr Duration kStandings = std::chrono::milliseconds(200);

const Event kJudged("mx.judged", Level::info, {"session", "letter", "from", "dmarc", "spf", "dkim", "action", "reason"},
                    "Who sent a letter was looked into before it was answered; reason is expanded by chappe explain.");

// The id of what decided: the author's reason where there was none to be judged.
std::string_view reason_of(const trust::Judgement& j) {
  return j.dmarc.empty() ? author_reason_row(j.author.reason).id : action_reason_row(j.decision.reason).id;
}

// The words for the client: what is wrong, and where to read more. No text of the peer but names of domains.
std::optional<Reply> refusal_of(const trust::Judgement& j) {
  const std::string_view reason = reason_of(j);
  switch (j.decision.action) {
    case dmarc::Action::defer:
      // RFC 7372 has no code for it; RFC 3463 §3.8: a matter of policy.
      return Reply(451, "4.7.0", fmt::format("Who sent this letter cannot be found out now ({})", reason));
    case dmarc::Action::reject:
      if (j.dmarc.empty())
        return Reply(550, "5.7.1", fmt::format("This letter does not say clearly who it is from ({})", reason));
      return Reply(550, "5.7.1",
                   fmt::format("This letter does not prove to be from {}, which wants such letters to be rejected ({})",
                               j.decisive()->author, reason));
    case dmarc::Action::accept:
    case dmarc::Action::junk:
    case dmarc::Action::quarantine:
      return std::nullopt;
  }
  std::unreachable();
}

// The value of a field on one line.
std::string unfolded(ByteView field) {
  std::string out;
  const std::size_t colon = field.find(':');
  for (const char c : field.substr(colon == field.npos ? 0 : colon + 1)) {
    if (c == '\r' || c == '\n') continue;
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  return out;
}

// What was known, before this letter, of who answers for it. A store that is slow now keeps no letter waiting for that.
net::Task<std::vector<post::TrailStanding>> standings_of(Session* session, const post::Sighting* sighting) {
  const net::Deadline deadline = session->within(kStandings);
  std::vector<post::TrailStanding> out;
  for (const post::Named& named : sighting->names) {
    if (!named.answers()) break;
    const auto standing = co_await session->site().reputation->of(named.identity, deadline);
    if (!standing) break;
    const auto thousandths = [](double x) { return static_cast<std::uint16_t>(x * 1000 + 0.5); };
    out.push_back({.kind = std::string(identity_kind_name(named.identity.kind)),
                   .name = named.identity.name,
                   .score = thousandths(standing->score()),
                   .confidence = thousandths(standing->confidence())});
  }
  co_return out;
}

}  // namespace

bool judges(Session& session) { return session.site().resolver != nullptr && !session.peer_is_own_host(); }

post::Ingest::Drop forged_results(const Site& site) {
  return [id = site.hostname](const message::Field& field) { return trust::authres::claims(field, id); };
}

void remember(const Site& site, const Judged& judged, const Replies& replies) {
  if (!site.reputation || replies.empty()) return;
  const Reply& reply = replies.front();
  post::Fate fate = judged.junk ? post::Fate::junk : post::Fate::accepted;
  if (!reply.positive()) fate = reply.code < 500 ? post::Fate::deferred : post::Fate::refused;
  site.reputation->count(judged.sighting, fate);
}

net::Task<Judged> judge(Session* session, Transaction* transaction, const post::Watched* watched) {
  Site& site = session->site();
  static const trust::dkim::BodyHashes kNone{std::span<const trust::dkim::BodyHashKind>()};
  const trust::Judgement j = co_await trust::judge(
      *site.resolver,
      {.ip = session->peer().ip(), .helo = transaction->hello.name, .mail_from = transaction->mail.path.address()},
      watched->letter, watched->bodies ? *watched->bodies : kNone,
      {.receiver = site.hostname, .now = site.clock.now(), .policy = site.policy},
      session->within(site.limits.judging));
  Judged out;
  out.results = results_of(j, site.hostname);
  out.field = trust::authres::write(out.results);
  out.refusal = refusal_of(j);
  out.junk = j.decision.action == dmarc::Action::junk || j.decision.action == dmarc::Action::quarantine;
  transaction->verdict = {.authentication = unfolded(out.field),
                          .action = std::string(action_name(j.decision.action)),
                          .reason = std::string(reason_of(j))};
  if (site.reputation) {
    out.sighting = co_await post::sight(site.resolver, &j, session->within(kOrganization));
    transaction->verdict.standings = co_await standings_of(session, &out.sighting);
  }
  site.log.event(kJudged, session->id(), transaction->id.text(),
                 j.author.domains.empty() ? std::string() : j.author.domains.front(),
                 j.decisive() ? outcome_name(j.decisive()->result) : std::string_view("permerror"),
                 j.spf ? result_row(j.spf->result).name : std::string_view("none"), result_name(j.dkim.result()),
                 transaction->verdict.action, transaction->verdict.reason);
  co_return out;
}

}  // namespace chappe::agents
