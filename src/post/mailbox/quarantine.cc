// The half of Mailboxes that takes letters over from quarantine.
#include "post/mailbox/account_txn.h"
#include "post/mailbox/change.h"
#include "post/mailbox/summary.h"
#include "post/queue/queue.h"

namespace chappe::post {
namespace {

// What the letter told of its thread when it came; the fields are in its summary.
Result<Clues> clues_of_body(store::Txn& txn, const store::BodyId& body) {
  const auto row = TRY(txn.get(summary_key(body)));
  if (!row) return Clues();
  const auto summary = TRY(decode_summary(row->view()));
  return summary ? clues_of(summary->outline) : Clues();
}

struct Done {};

}  // namespace

Task<Result<void>> Mailboxes::file_held(QueueKey key, AccountId account, std::string who, Deadline deadline) {
  TrailStep step{.event = TrailEvent::filed, .at = clock_.now(), .who = std::move(who)};
  auto file = [key, account, step = std::move(step)](AccountTxn& a) mutable -> Result<Done> {
    const QueueEntry held = TRY(Queue::find(a.txn(), key));
    if (held.here != account) return fail(Errc::conflict, "it is not for a mailbox of this account");
    std::optional<MailboxId> mailbox;
    if (const auto name = canonical_mailbox_name(held.mailbox)) mailbox = TRY(a.by_name(*name));
    step.words = mailbox ? held.mailbox : "INBOX";
    if (!mailbox) mailbox = TRY(a.by_name("INBOX"));
    if (!mailbox) return fail(Errc::corrupt, "an account has no INBOX");
    // One entry, however often the letter names the mailbox; it takes over the reference of the first row.
    for (const QueueEntry& row : TRY(Queue::of_letter(a.txn(), key.letter))) {
      if (row.here != account || row.mailbox != held.mailbox) continue;
      TRY(Queue::hand_over(a.txn(), row.key, step));
      if (row.key != key) TRY(release_body(a.txn(), row.body.id));
    }
    MessageRecord record;
    record.letter = record.email = key.letter;
    record.body = held.body;
    record.internal_date = held.arrived;
    const Clues clues = TRY(clues_of_body(a.txn(), held.body.id));
    record.thread = TRY(a.thread_of(clues, key.letter));
    TRY(a.add(*mailbox, record, {}, {}));
    return Done{};
  };
  CO_TRY(co_await change<Done>(account, std::move(file), deadline));
  co_return Result<void>();
}

}  // namespace chappe::post
