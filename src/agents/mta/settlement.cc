#include "agents/mta/settlement.h"

#include <fmt/format.h>

#include <algorithm>

namespace chappe::agents::mta {

using message::DsnAction;
using net::Deadline;
using net::Task;
using post::Notify;
using post::QueueEntry;

namespace {

const Event kDelivered("mta.delivered", Level::info, {"letter", "recipient", "host", "tls", "answer"},
                       "Another server took the letter for this recipient; answer is what it said.");
const Event kDeferred("mta.deferred", Level::info, {"letter", "recipient", "host", "error", "attempts", "next"},
                      "The letter could not be handed over now. It is tried again at the time given.");
const Event kBounced(
    "mta.bounced", Level::warning, {"letter", "recipient", "host", "error", "notification"},
    "The letter cannot be delivered to this recipient. Its sender is told by the letter whose id stands "
    "in notification.");
const Event kDropped("mta.dropped", Level::warning, {"letter", "recipient", "host", "error"},
                     "The letter cannot be delivered to this recipient, and nobody is told: it is a notification "
                     "itself, its sender asked for none, or the sender's address leads nowhere.");
const Event kStuck("mta.not_settled", Level::error, {"letter", "recipient", "error"},
                   "The store did not take down what became of a recipient. It is tried again when its lease ends, so "
                   "that a letter that was delivered may be delivered twice.");

constexpr Duration kStore = std::chrono::minutes(1);
constexpr std::uint64_t kLetterShown = 1024 * 1024;  // RET=FULL, at most: what is larger is shown by its header

post::Notify told_of(DsnAction action) {
  switch (action) {
    case DsnAction::failed:
      return Notify::failure;
    case DsnAction::delayed:
      return Notify::delay;
    default:
      return Notify::success;
  }
}

bool wants(const QueueEntry& entry, DsnAction what) {
  return !entry.sender.empty() && post::wants(entry.notify, told_of(what));
}

std::string status_of(const Verdict& verdict) {
  if (!verdict.status.empty()) return verdict.status;
  switch (verdict.outcome) {
    case Outcome::delivered:
      return "2.0.0";
    case Outcome::later:
      return "4.0.0";
    case Outcome::never:
      return "5.0.0";
  }
  return "4.0.0";
}

}  // namespace

struct Settlement::Told {
  DsnAction action = DsnAction::failed;
  std::vector<std::pair<const QueueEntry*, const Verdict*>> recipients = {};
};

Settlement::Settlement(SettlementParts parts)
    : parts_(std::move(parts)),
      notices_({.directory = parts_.directory,
                .ids = parts_.ids,
                .clock = parts_.clock,
                .random = parts_.random,
                .hostname = parts_.hostname,
                .signer = parts_.signer}) {}

Task<void> Settlement::settle(Parcel parcel, Verdict verdict) {
  std::vector<Verdict> verdicts(parcel.entries.size(), verdict);
  co_await settle(std::move(parcel), std::move(verdicts));
}

Task<void> Settlement::settle(Parcel parcel, std::vector<Verdict> verdicts) {
  const Time now = parts_.clock.now();
  Told failed{.action = DsnAction::failed};
  Told relayed{.action = DsnAction::relayed};  // RFC 3461 §5.2.2 (b)
  net::Scope settling;                         // together: one sync for all of them
  for (std::size_t i = 0; i < parcel.entries.size(); ++i) {
    const QueueEntry& entry = parcel.entries[i];
    Verdict& verdict = verdicts[i];
    if (verdict.outcome == Outcome::delivered) {
      parts_.counts.delivered.add();
      parts_.log.event(kDelivered, entry.key.letter.text(), entry.recipient, verdict.host, verdict.tls, verdict.words);
      if (!verdict.notifies && wants(entry, DsnAction::relayed)) {
        relayed.recipients.emplace_back(&entry, &verdict);
      } else {
        settling.spawn(delivered(&entry, &verdict));
      }
      continue;
    }
    if (verdict.outcome == Outcome::later && now < entry.expires) {
      settling.spawn(put_off(&entry, &verdict));
      continue;
    }
    if (verdict.outcome == Outcome::later) verdict.status = "4.4.7";  // RFC 3463 §3.5: delivery time expired
    failed.recipients.emplace_back(&entry, &verdict);
  }
  if (const auto told = co_await tell(&failed); !told)
    for (const auto& [entry, verdict] : failed.recipients)
      parts_.log.event(kStuck, entry->key.letter.text(), entry->recipient, told.error());
  // That it is delivered must be known, or it is delivered again; the word to the sender can be done without.
  if (const auto told = co_await tell(&relayed); !told)
    for (const auto& [entry, verdict] : relayed.recipients) settling.spawn(delivered(entry, verdict));
  co_await settling.join();
}

Task<void> Settlement::delivered(const QueueEntry* entry, const Verdict* verdict) {
  const auto done =
      co_await parts_.queue.done(entry->key, step_of(post::TrailEvent::delivered, *verdict), Deadline::in(kStore));
  if (!done && done.error().code() != Errc::not_found)
    parts_.log.event(kStuck, entry->key.letter.text(), entry->recipient, done.error());
}

post::TrailStep Settlement::step_of(post::TrailEvent event, const Verdict& verdict) const {
  return {.event = event,
          .at = parts_.clock.now(),
          .host = verdict.host,
          .peer = verdict.peer,
          .tls = verdict.tls,
          .status = status_of(verdict),
          .words = verdict.words};
}

Task<void> Settlement::put_off(const QueueEntry* entry, const Verdict* verdict) {
  const Time now = parts_.clock.now();
  Told delayed{.action = DsnAction::delayed, .recipients = {{entry, verdict}}};
  bool told = entry->delay_told;
  if (!told && wants(*entry, DsnAction::delayed) && now - entry->arrived >= kDelayNotice)
    told = (co_await tell(&delayed)).has_value();
  const Time next = std::min(now + retry_after(entry->attempts, parts_.random), entry->expires);
  post::TrailStep step = step_of(post::TrailEvent::deferred, *verdict);
  step.next = next;
  const auto put = co_await parts_.queue.defer(entry->key, std::move(step), told, Deadline::in(kStore));
  if (put) {
    parts_.counts.deferred.add();
    parts_.log.event(kDeferred, entry->key.letter.text(), entry->recipient, verdict->host, verdict->words,
                     entry->attempts, next);
  } else if (put.error().code() != Errc::not_found) {
    parts_.log.event(kStuck, entry->key.letter.text(), entry->recipient, put.error());
  }
}

Task<Result<void>> Settlement::tell(const Told* told) {
  if (told->recipients.empty()) co_return Result<void>();
  const QueueEntry& first = *told->recipients.front().first;
  const Time now = parts_.clock.now();
  const Deadline deadline = Deadline::in(kStore);
  const bool failed = told->action == DsnAction::failed;

  post::Tidings tidings{.action = told->action,
                        .letter = first.key.letter,
                        .sender = first.sender,
                        .envid = first.envid,
                        .smtputf8 = first.smtputf8,
                        .arrived = first.arrived};
  if (told->action == DsnAction::delayed) tidings.gives_up = first.expires;
  for (const auto& [entry, verdict] : told->recipients)
    if (wants(*entry, told->action))  // RFC 3461 §5.2.8
      tidings.recipients.push_back({.address = entry->recipient,
                                    .original = post::decoded_orcpt(entry->orcpt),
                                    .status = status_of(*verdict),
                                    .remote = verdict->host,
                                    .words = verdict->words,
                                    .last_attempt = now});
  if (!tidings.recipients.empty()) {
    tidings.whole = failed && first.ret == post::Ret::full && first.body.size - first.front_size <= kLetterShown;
    ChunkList read = CO_TRY(co_await parts_.mailboxes.read(
        first.body, first.front_size, tidings.whole ? kLetterShown : post::kHeaderShown, deadline));
    tidings.original = tidings.whole ? read.flatten() : post::to_header(read.flatten());
  }
  auto notice = CO_TRY(co_await notices_.write(std::move(tidings), deadline));
  const bool somebody = notice.has_value();
  if (!somebody && told->action == DsnAction::delayed) co_return Result<void>();
  post::Letter letter;
  if (somebody) letter = std::move(*notice);
  if (!somebody) letter.id = parts_.ids.next();
  const post::LetterId id = letter.id;
  for (const auto& [entry, verdict] : told->recipients) {
    if (told->action == DsnAction::delayed) break;
    const bool heard = somebody && wants(*entry, told->action);
    post::TrailStep step = step_of(!failed ? post::TrailEvent::delivered
                                   : heard ? post::TrailEvent::bounced
                                           : post::TrailEvent::silent,
                                   *verdict);
    if (heard) step.notice = id;
    letter.settles.push_back({entry->key, std::move(step)});
  }
  CO_TRY(co_await parts_.deliver.take(std::move(letter), deadline));
  if (somebody) parts_.counts.notices.add();
  if (!failed) co_return Result<void>();
  for (const auto& [entry, verdict] : told->recipients) {
    const bool heard = somebody && wants(*entry, told->action);
    (heard ? parts_.counts.bounced : parts_.counts.silent).add();
    if (heard) {
      parts_.log.event(kBounced, entry->key.letter.text(), entry->recipient, verdict->host, verdict->words, id.text());
    } else {
      parts_.log.event(kDropped, entry->key.letter.text(), entry->recipient, verdict->host, verdict->words);
    }
  }
  co_return Result<void>();
}

}  // namespace chappe::agents::mta
