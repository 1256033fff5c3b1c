// The methods of the queue.
#include <fmt/core.h>

#include "agents/control/params.h"
#include "agents/control/queue_filter.h"
#include "base/text.h"

namespace chappe::agents::control {
namespace {

using codec::json::Writer;
using post::QueueEntry;
using post::QueueKey;

void write_entry(Writer& w, const QueueEntry& e) {
  w.begin_object().field("letter", e.key.letter.text()).field("number", e.key.recipient);
  w.field("sender", e.sender).field("recipient", e.recipient).field("size", e.body.size - e.front_size);
  if (!e.mail_from.empty()) w.field("mail_from", e.mail_from);
  w.field("state", state_name(e.state)).field("arrived", to_rfc3339(e.arrived));
  w.field("next_attempt", to_rfc3339(e.next_attempt)).field("expires", to_rfc3339(e.expires));
  w.field("attempts", e.attempts).field("last_error", e.last_error);
  if (!e.reason.empty()) w.field("reason", e.reason);
  w.end_object();
}

// "LETTER/NUMBER"
Result<QueueKey> key_of(std::string_view text) {
  const auto slash = text.find('/');
  const auto number = slash == text.npos ? std::nullopt : to_number<std::uint32_t>(text.substr(slash + 1));
  if (!number) return fail(Errc::invalid, "'after' must be LETTER/NUMBER");
  return QueueKey{TRY(letter_of(text.substr(0, slash))), *number};
}

using Act = Task<Result<void>> (*)(const Office*, const QueueEntry&, std::string who, Deadline);

template <Task<Result<void>> (post::Queue::*act)(QueueKey, std::string who, Deadline)>
Task<Result<void>> in_queue(const Office* office, const QueueEntry& entry, std::string who, Deadline deadline) {
  return (office->queue->*act)(entry.key, std::move(who), deadline);
}

Task<Result<void>> release(const Office* office, const QueueEntry& entry, std::string who, Deadline deadline) {
  if (!entry.here) return office->queue->release(entry.key, std::move(who), deadline);
  return office->mailboxes->file_held(entry.key, entry.here, std::move(who), deadline);
}

Task<void> act_on(Task<Result<void>> act, Result<void>* out) { *out = co_await std::move(act); }

// Does `act` to all of these at once, so that they share the store's syncs; what came of each.
Task<std::vector<Result<void>>> act_on_all(const Office* office, Act act, std::vector<QueueEntry> entries,
                                           std::string who, Deadline deadline) {
  std::vector<Result<void>> out(entries.size());
  net::Scope scope;
  for (std::size_t i = 0; i < entries.size(); ++i) scope.spawn(act_on(act(office, entries[i], who, deadline), &out[i]));
  co_await scope.join();
  co_return out;
}

// Does `act` to all that the call's conditions mean, a page at a time. What it cannot be done to (gone meanwhile, or in
// a state that forbids it) is left out.
Answer each_meant(const Office* office, Call call, Act act) {
  const QueueFilter filter = CO_TRY(QueueFilter::parse(texts_of(call, "where")));
  if (filter.empty()) co_return fail(Errc::invalid, "say which letter, or where=[\"KEY=PATTERN\"]");
  std::size_t done = 0;
  std::optional<QueueKey> after;
  for (;;) {
    const auto page = CO_TRY(co_await office->queue->list(after, kPage, call.deadline));
    std::vector<QueueEntry> meant;
    for (const QueueEntry& entry : page)
      if (filter.matches(entry)) meant.push_back(entry);
    auto outcomes = co_await act_on_all(office, act, std::move(meant), call.who, call.deadline);
    for (auto& acted : outcomes) {
      if (acted) {
        ++done;
      } else if (acted.error().code() != Errc::not_found && acted.error().code() != Errc::conflict) {
        co_return std::unexpected(std::move(acted.error()));
      }
    }
    if (page.size() < kPage) break;
    after = page.back().key;
  }
  co_return fmt::format("{{\"recipients\":{}}}", done);
}

// Does `act` to the recipients that the call names. Those that went meanwhile do not matter, unless it is all of them.
Answer each(const Office* office, Call call, Act act) {
  if (!call.params.find("letter")) co_return co_await each_meant(office, std::move(call), act);
  const auto letter = CO_TRY(letter_of(text_of(call, "letter")));
  const auto only = maybe_number(call, "recipient");
  std::vector<QueueEntry> meant;
  for (const auto& entry : CO_TRY(co_await office->queue->show(letter, call.deadline)))
    if (!only || *only == entry.key.recipient) meant.push_back(entry);
  std::size_t done = 0;
  auto outcomes = co_await act_on_all(office, act, std::move(meant), call.who, call.deadline);
  for (auto& acted : outcomes) {
    if (acted) {
      ++done;
    } else if (only || acted.error().code() != Errc::not_found) {
      co_return std::unexpected(std::move(acted.error()));
    }
  }
  if (done == 0) co_return fail(Errc::not_found, "the letter has no such recipient in the queue");
  co_return fmt::format("{{\"recipients\":{}}}", done);
}

}  // namespace

Answer queue_list(const Office* office, Call call) {
  std::optional<QueueKey> after;
  if (const auto text = maybe_text(call, "after")) after = CO_TRY(key_of(*text));
  const QueueFilter filter = CO_TRY(QueueFilter::parse(texts_of(call, "where")));
  const std::size_t limit = page_of(call);
  const auto entries = CO_TRY(co_await office->queue->list(after, limit, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().key("queue").begin_array();
  for (const auto& entry : entries)
    if (filter.matches(entry)) write_entry(w, entry);
  w.end_array();
  if (entries.size() == limit) {
    const QueueKey& last = entries.back().key;
    w.field("next", fmt::format("{}/{}", last.letter.text(), last.recipient));
  }
  w.end_object();
  co_return out;
}

Answer queue_show(const Office* office, Call call) {
  const auto letter = CO_TRY(letter_of(text_of(call, "letter")));
  const auto entries = CO_TRY(co_await office->queue->show(letter, call.deadline));
  std::string out;
  Writer w(out);
  w.begin_object().field("letter", letter.text()).key("recipients").begin_array();
  for (const auto& entry : entries) write_entry(w, entry);
  w.end_array().end_object();
  co_return out;
}

Answer queue_drop(const Office* office, Call call) {
  return each(office, std::move(call), in_queue<&post::Queue::drop>);
}
Answer queue_hold(const Office* office, Call call) {
  return each(office, std::move(call), in_queue<&post::Queue::hold>);
}
Answer queue_release(const Office* office, Call call) { return each(office, std::move(call), release); }
Answer queue_retry(const Office* office, Call call) {
  return each(office, std::move(call), in_queue<&post::Queue::retry_now>);
}

}  // namespace chappe::agents::control
