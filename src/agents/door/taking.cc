#include "agents/door/taking.h"

#include "agents/door/forwarding.h"
#include "agents/door/site.h"
#include "agents/door/trace.h"
#include "base/text.h"
#include "post/delivery/notice.h"

namespace chappe::agents {

using net::Task;
using post::Notify;
using proto::smtp::Reply;

namespace {

constexpr auto bit(Notify what) { return static_cast<std::uint8_t>(what); }

// RFC 3461 §4.1; the machine has checked it.
std::uint8_t notify_of(const proto::smtp::Rcpt& rcpt) {
  std::uint8_t out = 0;
  if (!rcpt.notify) return out;
  for (const std::string_view word : split(*rcpt.notify, ',')) {
    if (word == "NEVER") out |= bit(Notify::never);
    if (word == "SUCCESS") out |= bit(Notify::success);
    if (word == "FAILURE") out |= bit(Notify::failure);
    if (word == "DELAY") out |= bit(Notify::delay);
  }
  return out;
}

}  // namespace

void enter(Transaction* transaction, const proto::smtp::Rcpt& rcpt, const std::string& address, post::Route routed) {
  std::uint8_t notify = notify_of(rcpt);
  const std::string orcpt = rcpt.orcpt.value_or("");
  // RFC 3461 §5.2.7.2: an alias for one address passes on what was asked; §5.2.7.3 (c): one for several tells that it
  // was expanded, and none of them tells of success.
  if (routed.ends.size() > 1 && post::wants(notify, Notify::success)) {
    transaction->expanded.push_back({.address = address, .original = post::decoded_orcpt(orcpt), .status = "2.0.0"});
    notify &= static_cast<std::uint8_t>(~bit(Notify::success));
    if (notify == 0) notify = bit(Notify::never);
  }
  for (auto& end : routed.ends) {
    std::string via = via_of(address, end);
    transaction->recipients.push_back(
        {std::move(end.address), std::move(end.destination), notify, orcpt, std::move(via)});
  }
}

Task<Result<post::LetterId>> take(Site* site, Transaction* transaction, post::Letter letter, net::Deadline deadline) {
  const post::Notices notices({.directory = site->rcpts,
                               .ids = site->letter_ids,
                               .clock = site->clock,
                               .random = site->random,
                               .hostname = site->hostname,
                               .signer = site->signer});
  CO_TRY(co_await rewrite_senders(site, &letter, deadline));
  letter.notices = CO_TRY(co_await notices.arrived(&letter, std::exchange(transaction->expanded, {}), deadline));
  co_return co_await site->deliver.take(std::move(letter), deadline);
}

Task<Replies> take_from_host(Session* session, Transaction* transaction, post::Ingest ingest,
                             proto::smtp::LetterFacts facts, Bytes above) {
  Site& site = session->site();
  const Time now = site.clock.now();
  const bool several = transaction->accepted.size() > 1;
  const TraceFacts trace{.hello = transaction->hello.name,
                         .extended = transaction->hello.extended,
                         .smtputf8 = transaction->mail.smtputf8,
                         .authenticated = false,
                         .recipient = several ? std::string() : transaction->accepted.front(),
                         .letter = transaction->id,
                         .time = now};
  auto letter = co_await letter_of(session, transaction, std::move(ingest), facts, now);
  if (!letter) co_return Replies{refusal(letter.error())};
  letter->trace = ChunkList(above + received_field(*session, site.hostname, trace) + transaction->added);
  auto taken = co_await take(&site, transaction, std::move(*letter), Session::regardless(site.limits.commit));
  if (!taken) co_return Replies{refusal(taken.error())};
  co_return Replies{Reply(250, "2.0.0", fmt::format("Taken as {}", taken->text()))};
}

}  // namespace chappe::agents
