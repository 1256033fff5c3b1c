#include "agents/mx/judging.h"

#include <algorithm>

#include "base/log.h"
#include "trust/authres/results.h"
#include "trust/judgement.h"

namespace chappe::agents {
namespace {

using proto::smtp::Reply;
namespace dmarc = trust::dmarc;

const Event kJudged("mx.judged", Level::info,
                    {"session", "letter", "from", "dmarc", "spf", "dkim", "list", "action", "reason"},
                    "Who sent a letter was looked into before it was answered; reason is expanded by chappe explain, "
                    "list is the block list that speaks against the letter.");

// The id of what decided: the author's reason where there was none to be judged.
std::string_view reason_of(const trust::Judgement& j) {
  const bool listed = j.decision.reason == dmarc::ActionReason::sender_listed;
  return j.dmarc.empty() && !listed ? author_reason_row(j.author.reason).id : action_reason_row(j.decision.reason).id;
}

// The words of a list are its own: they are quoted, and short (RFC 5321 §4.5.3.1.5).
constexpr std::size_t kMaxQuoted = 200;

Reply listed_refusal(const trust::SenderListing& lists) {
  const trust::ListFinding& against = *lists.against();
  std::string words = against.listing.text.substr(0, kMaxQuoted);
  std::ranges::replace(words, '"', '\'');
  return Reply(550, "5.7.1",
               fmt::format("{} is in the list {}{} ({})", against.subject, lists.rule_of(against).list.name,
                           words.empty() ? "" : fmt::format(", which says \"{}\"", words),
                           action_reason_row(dmarc::ActionReason::sender_listed).id));
}

// The words for the client: what is wrong, and where to read more. No text of the peer but names of domains.
std::optional<Reply> refusal_of(const trust::Judgement& j) {
  const std::string_view reason = reason_of(j);
  switch (j.decision.action) {
    case dmarc::Action::defer:
      // RFC 7372 has no code for it; RFC 3463 §3.8: a matter of policy.
      return Reply(451, "4.7.0", fmt::format("Who sent this letter cannot be found out now ({})", reason));
    case dmarc::Action::reject:
      if (j.decision.reason == dmarc::ActionReason::sender_listed) return listed_refusal(j.lists);
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

}  // namespace

bool judges(Session& session) { return session.site().resolver != nullptr && !session.peer_is_own_host(); }

post::Ingest::Drop forged_results(const Site& site) {
  return [id = site.hostname](const message::Field& field) { return trust::authres::claims(field, id); };
}

net::Task<Judged> judge(Session* session, Transaction* transaction, const post::Watched* watched) {
  Site& site = session->site();
  static const trust::dkim::BodyHashes kNone{std::span<const trust::dkim::BodyHashKind>()};
  const trust::Judgement j = co_await trust::judge(
      *site.resolver,
      {.ip = session->peer().ip(), .helo = transaction->hello.name, .mail_from = transaction->mail.path.address()},
      watched->letter, watched->bodies ? *watched->bodies : kNone,
      {.receiver = site.hostname,
       .now = site.clock.now(),
       .lists = site.lists,
       .trusted_sealers = site.trusted_sealers,
       .policy = site.policy},
      session->within(site.limits.judging));
  site.list_watch.note(site.log, site.clock.steady(), j.lists);
  const trust::ListFinding* const against = j.lists.against();
  Judged out;
  out.field = trust::authres::write(results_of(j, site.hostname));
  out.refusal = refusal_of(j);
  out.junk = j.decision.action == dmarc::Action::junk || j.decision.action == dmarc::Action::quarantine;
  transaction->verdict = {.authentication = unfolded(out.field),
                          .action = std::string(action_name(j.decision.action)),
                          .reason = std::string(reason_of(j))};
  site.log.event(kJudged, session->id(), transaction->id.text(),
                 j.author.domains.empty() ? std::string() : j.author.domains.front(),
                 j.decisive() ? outcome_name(j.decisive()->result) : std::string_view("permerror"),
                 j.spf ? result_row(j.spf->result).name : std::string_view("none"), result_name(j.dkim.result()),
                 against ? std::optional(j.lists.rule_of(*against).list.name) : std::nullopt,
                 transaction->verdict.action, transaction->verdict.reason);
  co_return out;
}

}  // namespace chappe::agents
