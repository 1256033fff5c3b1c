#include "agents/mx/judging.h"

#include <fmt/format.h>

#include <algorithm>

#include "agents/door/site.h"
#include "agents/mx/grounds.h"
#include "base/log.h"
#include "post/policy/weighing.h"
#include "trust/authres/results.h"
#include "trust/judgement.h"

namespace chappe::agents {
namespace {

using proto::smtp::Reply;
namespace dmarc = trust::dmarc;

constexpr std::string_view kJunk = "Junk";                   // every account has it (post/mailbox/mailbox.h)
constexpr Duration kOrganization = std::chrono::seconds(2);  // for the DNS to say where an author belongs
constexpr Duration kStandings = std::chrono::milliseconds(200);

const Event kJudged("mx.judged", Level::info,
                    {"session", "letter", "from", "dmarc", "spf", "dkim", "list", "action", "reason", "evidence",
                     "overrides"},
                    "Who sent a letter was looked into before it was answered; reason is expanded by chappe explain, "
                    "list is the block list that speaks against the letter, evidence what there is against it beside "
                    "DMARC, overrides tell where this is not what the author's domain wants, and who knew. Of a letter "
                    "that a judge turned away, action is the judge's, "
                    "and there is no reason.");
const Event kApart("mx.judged_apart", Level::info,
                   {"session", "letter", "recipient", "action", "reason", "evidence", "overrides"},
                   "For one recipient of a letter it was decided otherwise than for the others.");

// The id of what decided: the author's reason where there was none to be judged.
std::string_view reason_of(const trust::Judgement& j, const dmarc::Decision& decision) {
  const bool of_sender =
      decision.reason == dmarc::ActionReason::blocked || decision.reason == dmarc::ActionReason::sender_listed;
  return j.dmarc.empty() && !of_sender ? author_reason_row(j.author.reason).id : action_reason_row(decision.reason).id;
}

std::string overrides_of(const dmarc::Decision& decision) {
  std::string out;
  for (const dmarc::Override& o : decision.overrides)
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", override_name(o.type), o.comment);
  return out;
}

std::string list_of(const std::vector<std::string>& ids) { return fmt::format("{}", fmt::join(ids, ",")); }

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
Reply refusal_of(const trust::Judgement& j, const dmarc::Decision& decision) {
  const std::string_view reason = reason_of(j, decision);
  if (decision.reason == dmarc::ActionReason::blocked)
    return Reply(550, "5.7.1", fmt::format("Letters of this sender are not taken here ({})", reason));
  if (decision.reason == dmarc::ActionReason::sender_listed) return listed_refusal(j.lists);
  if (j.dmarc.empty())
    return Reply(550, "5.7.1", fmt::format("This letter does not say clearly who it is from ({})", reason));
  return Reply(550, "5.7.1",
               fmt::format("This letter does not prove to be from {}, which wants such letters to be rejected ({})",
                           j.dmarc.at(decision.governing).author, reason));
}

// RFC 7372 has no code for it; RFC 3463 §3.8: a matter of policy.
Reply delay_of(const trust::Judgement& j, const dmarc::Decision& decision) {
  return Reply(451, "4.7.0", fmt::format("Who sent this letter cannot be found out now ({})", reason_of(j, decision)));
}

// What holds for the recipients, in their order: for each, a chain for each different one of the people behind him.
struct Held {
  std::vector<post::KnownChain> chains;
  std::vector<std::size_t> recipient;  // whose chain it is
};

net::Task<Result<Held>> rules_of(Site* site, const Transaction* transaction, net::Deadline deadline) {
  Held out;
  for (std::size_t i = 0; i < transaction->recipients.size(); ++i) {
    const post::LetterRecipient& recipient = transaction->recipients[i];
    std::vector<post::KnownChain> chains(1);
    if (site->rules)
      chains = CO_TRY(co_await site->rules->rules_for(recipient.address, recipient.destination.account, deadline));
    out.recipient.insert(out.recipient.end(), chains.size(), i);
    std::ranges::move(chains, std::back_inserter(out.chains));
  }
  co_return out;
}

// Whose ARC seals count for somebody.
std::vector<std::string> sealers_for(const Site& site, const std::vector<post::KnownChain>& rules) {
  std::vector<std::string> out = post::sealers_of(rules);
  out.insert(out.end(), site.trusted_sealers.begin(), site.trusted_sealers.end());
  return out;
}

// What becomes of the letter, by each chain.
std::vector<dmarc::Decision> decide(const Site& site, const trust::Judgement& j, const message::Letter& letter,
                                    const std::vector<post::KnownChain>& rules) {
  const post::Weighing weighing(j, letter, site.trusted_sealers);
  std::vector<dmarc::Decision> out;
  for (std::size_t i = 0; i < rules.size(); ++i)
    out.push_back(i > 0 && rules[i] == rules[i - 1] ? out.back() : weighing.decide(rules[i], site.policy));
  return out;
}

bool heard_badly(const Transaction& transaction) { return transaction.heard.action >= post::Action::junk; }

// Of this site, in this process or at the mda.
bool is_ours(const post::LetterRecipient& recipient) {
  return recipient.destination.kind != post::Destination::Kind::remote;
}

// Whose letter goes into one place for several people with rules of their own, at the mda, has it where the mildest of
// them wants it: nobody's rule takes a letter from another.
const dmarc::Decision& for_recipient(std::size_t index, const Held& rules,
                                     const std::vector<dmarc::Decision>& decisions) {
  const auto [first, last] = std::ranges::equal_range(rules.recipient, index);
  const auto at = decisions.begin() + (first - rules.recipient.begin());
  return *std::min_element(at, at + (last - first), [](const auto& a, const auto& b) { return a.action < b.action; });
}

// Whose junk goes elsewhere by an alias goes there as junk: the other host has a Junk of its own.
void place(post::LetterRecipient& recipient, dmarc::Action action, std::string_view reason) {
  if (action == dmarc::Action::junk && is_ours(recipient)) recipient.destination.mailbox = kJunk;
  if (action == dmarc::Action::quarantine) recipient.held = reason;
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

void place(const Judged& judged, post::LetterRecipient& recipient) { place(recipient, judged.action, judged.reason); }

namespace {

// Asks the DNS who sent the letter; `out` and the verdict on the trail have what was found.
net::Task<trust::Judgement> find_sender(Session* session, Transaction* transaction, const post::Watched* watched,
                                        std::vector<std::string> sealers, Judged* out) {
  Site& site = session->site();
  static const trust::dkim::BodyHashes kNone{std::span<const trust::dkim::BodyHashKind>()};
  dmarc::Knowledge knowledge;
  if (heard_badly(*transaction)) knowledge.against.push_back(dmarc::Evidence::content);
  trust::Judgement j = co_await trust::judge(
      *site.resolver,
      {.ip = session->peer().ip(), .helo = transaction->hello.name, .mail_from = transaction->mail.path.address()},
      watched->letter, watched->bodies ? *watched->bodies : kNone,
      {.receiver = site.hostname,
       .now = site.clock.now(),
       .lists = site.lists,
       .trusted_sealers = std::move(sealers),
       .policy = site.policy,
       .knowledge = std::move(knowledge)},
      session->within(site.limits.judging));
  site.list_watch.note(site.log, site.clock.steady(), j.lists);
  out->results = results_of(j, site.hostname);
  out->field = trust::authres::write(out->results);
  transaction->verdict.authentication = unfolded(out->field);
  if (site.reputation) {
    out->sighting = co_await post::sight(site.resolver, &j, session->within(kOrganization));
    transaction->verdict.standings = co_await standings_of(session, &out->sighting);
  }
  co_return j;
}

void log_judged(Session& session, const Transaction& transaction, const trust::Judgement& j, std::string_view dmarc,
                std::string_view action, std::string_view reason, std::string_view evidence,
                std::string_view overrides) {
  const trust::ListFinding* const against = j.lists.against();
  session.site().log.event(
      kJudged, session.id(), transaction.id.text(), j.author.domains.empty() ? std::string() : j.author.domains.front(),
      dmarc, j.spf ? result_row(j.spf->result).name : std::string_view("none"), result_name(j.dkim.result()),
      against ? std::optional(j.lists.rule_of(*against).list.name) : std::nullopt, action, reason, evidence, overrides);
}

std::string_view dmarc_of(const trust::Judgement& j, std::size_t governing) {
  return j.dmarc.empty() ? std::string_view("permerror") : outcome_name(j.dmarc.at(governing).result);
}

}  // namespace

net::Task<void> look_into(Session* session, Transaction* transaction, const post::Watched* watched) {
  Site& site = session->site();
  Judged found;
  const trust::Judgement j = co_await find_sender(session, transaction, watched, site.trusted_sealers, &found);
  const post::Action action = transaction->heard.action;
  transaction->verdict.grounds = grounds_of(j, 0);
  log_judged(*session, *transaction, j, dmarc_of(j, 0), post::action_id(action), {}, {}, {});
  if (site.reputation)
    site.reputation->count(found.sighting, action == post::Action::defer ? post::Fate::deferred : post::Fate::refused);
}

net::Task<Judged> judge(Session* session, Transaction* transaction, const post::Watched* watched) {
  Site& site = session->site();
  Judged out;
  const auto rules = co_await rules_of(&site, transaction, session->within(site.limits.commit));
  if (!rules) {
    out.refusal = refusal(rules.error());
    co_return out;
  }
  const trust::Judgement j =
      co_await find_sender(session, transaction, watched, sealers_for(site, rules->chains), &out);

  std::vector<post::LetterRecipient>& recipients = transaction->recipients;
  std::vector<dmarc::Decision> decisions = decide(site, j, watched->letter, rules->chains);
  std::vector<bool> has_junk;
  for (const std::size_t i : rules->recipient) has_junk.push_back(is_ours(recipients[i]));
  const post::LetterAnswer answer = post::answer_to(decisions, has_junk);
  // Of the letter as a whole the harshest is told.
  const auto whole = answer == post::LetterAnswer::defer
                         ? std::ranges::find(decisions, dmarc::Action::defer, &dmarc::Decision::action)
                         : std::ranges::max_element(decisions, {}, &dmarc::Decision::action);
  if (answer == post::LetterAnswer::refuse) out.refusal = refusal_of(j, *whole);
  if (answer == post::LetterAnswer::defer) out.refusal = delay_of(j, *whole);
  out.junk = whole->action != dmarc::Action::accept || heard_badly(*transaction);
  out.action = whole->action;
  out.reason = reason_of(j, *whole);

  post::TrailVerdict& verdict = transaction->verdict;
  verdict.action = action_name(whole->action);
  verdict.reason = reason_of(j, *whole);
  verdict.overrides = overrides_of(*whole);
  verdict.grounds = grounds_of(j, whole->governing);
  verdict.grounds.evidence = evidence_of(*whole);
  log_judged(*session, *transaction, j, dmarc_of(j, whole->governing), verdict.action, verdict.reason,
             list_of(verdict.grounds.evidence), verdict.overrides);
  for (std::size_t i = 0; answer == post::LetterAnswer::take && i < recipients.size(); ++i) {
    const dmarc::Decision& d = for_recipient(i, *rules, decisions);
    place(recipients[i], d.action, reason_of(j, d));
    if (d.action == whole->action && d.reason == whole->reason && d.overrides == whole->overrides &&
        d.evidence == whole->evidence)
      continue;
    const post::TrailVerdict::Apart apart{.address = recipients[i].address,
                                          .action = std::string(action_name(d.action)),
                                          .reason = std::string(reason_of(j, d)),
                                          .overrides = overrides_of(d),
                                          .evidence = evidence_of(d)};
    site.log.event(kApart, session->id(), transaction->id.text(), apart.address, apart.action, apart.reason,
                   list_of(apart.evidence), apart.overrides);
    if (verdict.apart.size() < kRcptsOnTrail) verdict.apart.push_back(apart);
  }
  co_return out;
}

}  // namespace chappe::agents
