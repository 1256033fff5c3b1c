#include "agents/mta/settlement.h"

#include <fmt/format.h>

#include <algorithm>

#include "message/builder.h"
#include "message/dsn.h"

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
constexpr std::uint64_t kHeaderShown = 64 * 1024;    // of the original letter in a notification
constexpr std::uint64_t kLetterShown = 1024 * 1024;  // RET=FULL, at most: what is larger is shown by its header

bool wants(const QueueEntry& entry, Notify what) {
  // RFC 3461 §4.1: without NOTIFY, failures and delays are told.
  if (entry.notify == 0) return what == Notify::failure || what == Notify::delay;
  return (entry.notify & static_cast<std::uint8_t>(what)) != 0;
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
  std::vector<std::pair<const QueueEntry*, const Verdict*>> recipients;
  bool to_sender = false;  // somebody wants to know
};

Task<void> Settlement::settle(Parcel parcel, Verdict verdict) {
  std::vector<Verdict> verdicts(parcel.entries.size(), verdict);
  co_await settle(std::move(parcel), std::move(verdicts));
}

Task<void> Settlement::settle(Parcel parcel, std::vector<Verdict> verdicts) {
  const Time now = parts_.clock.now();
  Told failed;
  for (std::size_t i = 0; i < parcel.entries.size(); ++i) {
    const QueueEntry& entry = parcel.entries[i];
    Verdict& verdict = verdicts[i];
    if (verdict.outcome == Outcome::delivered) {
      parts_.log.event(kDelivered, entry.key.letter.text(), entry.recipient, verdict.host, verdict.tls, verdict.words);
      if (const auto done = co_await parts_.queue.done(entry.key, step_of(post::TrailEvent::delivered, verdict),
                                                       Deadline::in(kStore));
          !done && done.error().code() != Errc::not_found)
        parts_.log.event(kStuck, entry.key.letter.text(), entry.recipient, done.error());
      continue;
    }
    if (verdict.outcome == Outcome::later && now < entry.expires) {
      co_await put_off(&entry, &verdict);
      continue;
    }
    if (verdict.outcome == Outcome::later) verdict.status = "4.4.7";  // RFC 3463 §3.5: delivery time expired
    failed.recipients.emplace_back(&entry, &verdict);
    failed.to_sender |= !entry.sender.empty() && wants(entry, Notify::failure);
  }
  if (failed.recipients.empty()) co_return;
  if (const auto told = co_await tell(&failed); !told)
    for (const auto& [entry, verdict] : failed.recipients)
      parts_.log.event(kStuck, entry->key.letter.text(), entry->recipient, told.error());
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
  Told delayed{.action = DsnAction::delayed, .recipients = {{entry, verdict}}, .to_sender = true};
  bool told = entry->delay_told;
  if (!told && !entry->sender.empty() && wants(*entry, Notify::delay) && now - entry->arrived >= kDelayNotice)
    told = (co_await tell(&delayed)).has_value();
  const Time next = std::min(now + retry_after(entry->attempts, parts_.random), entry->expires);
  post::TrailStep step = step_of(post::TrailEvent::deferred, *verdict);
  step.next = next;
  const auto put = co_await parts_.queue.defer(entry->key, std::move(step), told, Deadline::in(kStore));
  if (put) {
    parts_.log.event(kDeferred, entry->key.letter.text(), entry->recipient, verdict->host, verdict->words,
                     entry->attempts, next);
  } else if (put.error().code() != Errc::not_found) {
    parts_.log.event(kStuck, entry->key.letter.text(), entry->recipient, put.error());
  }
}

Task<Result<void>> Settlement::tell(const Told* told) {
  const QueueEntry& first = *told->recipients.front().first;
  const Time now = parts_.clock.now();
  const Deadline deadline = Deadline::in(kStore);
  const bool failed = told->action == DsnAction::failed;

  post::Letter letter;
  letter.id = parts_.ids.next();
  letter.arrived = now;
  letter.trail = {.at = now, .origin = {.door = "notice"}, .about = first.key.letter};
  if (told->to_sender) {
    auto back = co_await post::route(&parts_.directory, first.sender, deadline);
    // Only a sender that leads nowhere, for good, is left untold.
    if (!back && back.error().temporary()) co_return std::unexpected(std::move(back.error()));
    if (back)
      for (auto& end : back->ends)
        letter.recipients.push_back(
            {std::move(end.address), std::move(end.destination), static_cast<std::uint8_t>(Notify::never), {}});
  }
  if (!letter.recipients.empty()) {
    const bool whole = failed && first.ret_full && first.body.size - first.front_size <= kLetterShown;
    ChunkList read = CO_TRY(
        co_await parts_.mailboxes.read(first.body, first.front_size, whole ? kLetterShown : kHeaderShown, deadline));
    Bytes original = read.flatten();
    if (!whole) {
      const std::size_t end = original.find("\r\n\r\n");
      original.resize(end == Bytes::npos ? original.rfind('\n') + 1 : end + 2);
    }
    message::Dsn dsn{.action = told->action,
                     .hostname = parts_.hostname,
                     .id = message::make_message_id(now, parts_.random, parts_.hostname),
                     .to = first.sender,
                     .letter = first.key.letter.text(),
                     .envid = first.envid,
                     .now = now,
                     .arrived = first.arrived,
                     .gives_up = failed ? std::nullopt : std::optional(first.expires),
                     .recipients = {},
                     .original = std::move(original),
                     .whole = whole};
    for (const auto& [entry, verdict] : told->recipients) {
      if (!wants(*entry, failed ? Notify::failure : Notify::delay)) continue;
      dsn.recipients.push_back({.address = entry->recipient,
                                .original = entry->orcpt,
                                .status = status_of(*verdict),
                                .remote = verdict->host,
                                .words = verdict->words,
                                .last_attempt = now});
    }
    Bytes octets = message::build_dsn(dsn, parts_.random);
    letter.eight_bit = std::ranges::any_of(octets, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    letter.smtputf8 = first.smtputf8;
    letter.octets = ChunkList(octets);
  }
  const std::string id = letter.id.text();
  const bool to_somebody = !letter.recipients.empty();
  for (const auto& [entry, verdict] : told->recipients) {
    if (!failed) break;
    post::TrailStep step = step_of(to_somebody ? post::TrailEvent::bounced : post::TrailEvent::silent, *verdict);
    if (to_somebody) step.notice = letter.id;
    letter.settles.push_back({entry->key, std::move(step)});
  }
  CO_TRY(co_await parts_.deliver.take(std::move(letter), deadline));
  if (!failed) co_return Result<void>();
  for (const auto& [entry, verdict] : told->recipients) {
    if (to_somebody) {
      parts_.log.event(kBounced, entry->key.letter.text(), entry->recipient, verdict->host, verdict->words, id);
    } else {
      parts_.log.event(kDropped, entry->key.letter.text(), entry->recipient, verdict->host, verdict->words);
    }
  }
  co_return Result<void>();
}

}  // namespace chappe::agents::mta
