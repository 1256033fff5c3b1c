// The commit that takes a letter: everything that a 250 promises, in one batch.
#include <algorithm>
#include <map>
#include <set>

#include "post/ingest/ingest.h"
#include "post/mailbox/account_txn.h"
#include "post/mailbox/summary.h"
#include "post/trail/trail.h"

namespace chappe::post {
namespace {

// What the Change needs, by value: it runs on the commit thread.
struct Taking {
  Letter letter;
  ChunkList front;               // Return-Path, trace
  std::uint32_t front_size = 0;  // of the Return-Path
  Digest digest;                 // of front and draft; nothing when no mailbox gets it
  Time now;
  HistoryLimits history;
  std::function<void(AccountId, MailboxId)> hint_mailbox;
  std::function<void()> hint_queue;
  std::vector<Taking> notices;

  Result<LetterId> operator()(store::Txn& txn);
  bool for_mailboxes() const {
    return std::ranges::any_of(
        letter.recipients, [](const LetterRecipient& r) { return r.destination.kind == Destination::Kind::mailbox; });
  }

 private:
  Result<std::uint32_t> file(store::Txn& txn, const store::BodyRef& body);
  std::uint32_t enqueue(store::Txn& txn, const store::BodyRef& body);
  TrailHead head();
};

bool filed(const LetterRecipient& r) { return r.destination.kind == Destination::Kind::mailbox && r.held.empty(); }

// One entry in each mailbox that a recipient names; how many.
Result<std::uint32_t> Taking::file(store::Txn& txn, const store::BodyRef& body) {
  std::map<AccountId, std::set<std::string>> targets;
  for (const LetterRecipient& r : letter.recipients)
    if (filed(r)) targets[r.destination.account].insert(r.destination.mailbox);

  MessageRecord record;
  record.letter = record.email = letter.id;
  record.body = body;
  record.internal_date = letter.arrived;
  std::uint32_t entries = 0;
  for (const auto& [account, names] : targets) {
    auto opened = AccountTxn::open(txn, account, now, history);
    // Removed since RCPT: the others get their letter.
    if (!opened && opened.error().code() == Errc::not_found) continue;
    AccountTxn a = TRY(std::move(opened));
    record.thread = TRY(a.thread_of(digest.clues, letter.id));
    std::set<MailboxId> mailboxes;
    for (const std::string& name : names) {
      std::optional<MailboxId> id;
      if (const auto canonical = canonical_mailbox_name(name)) id = TRY(a.by_name(*canonical));
      if (!id) id = TRY(a.by_name("INBOX"));
      if (!id) return fail(Errc::corrupt, "an account has no INBOX");
      mailboxes.insert(*id);
    }
    for (const MailboxId id : mailboxes) {
      const KeywordBits keywords = TRY(a.keyword_bits(id, letter.flags.keywords, true));
      TRY(a.add(id, record, letter.flags.system, keywords));
      ++entries;
    }
    for (const MailboxId id : TRY(a.finish()))
      txn.on_durable([hint = hint_mailbox, owner = account, id] { hint(owner, id); });
  }
  return entries;
}

// A row for each recipient who is elsewhere, or in quarantine; how many.
std::uint32_t Taking::enqueue(store::Txn& txn, const store::BodyRef& body) {
  QueueEntry e;
  e.sender = letter.sender;
  e.body = body;
  e.front_size = front_size;
  e.smtputf8 = letter.smtputf8;
  e.eight_bit = letter.eight_bit;
  e.ret = letter.ret;
  e.envid = letter.envid;
  e.arrived = letter.arrived;
  e.next_attempt = now;
  e.expires = letter.expires.us != 0 ? letter.expires : letter.arrived + kQueueLife;
  std::uint32_t rows = 0;
  for (std::uint32_t i = 0; i < letter.recipients.size(); ++i) {
    const LetterRecipient& r = letter.recipients[i];
    if (filed(r)) continue;
    const bool here = r.destination.kind == Destination::Kind::mailbox;
    e.state = !r.held.empty() ? QueueState::held : QueueState::waiting;
    e.reason = r.held;
    e.here = here ? r.destination.account : AccountId();
    e.to_mda = r.destination.kind == Destination::Kind::mda;
    e.mailbox = here || e.to_mda ? r.destination.mailbox : std::string();
    e.key = {letter.id, i};
    e.recipient = r.address;
    e.notify = r.notify;
    e.orcpt = r.orcpt;
    e.mail_from = r.mail_from;
    Queue::add(txn, e);
    if (!r.held.empty())
      Trail::add(
          txn, letter.id,
          TrailStep{.event = TrailEvent::held, .at = now, .recipient = i, .address = r.address, .words = r.held});
    ++rows;
  }
  if (rows > 0) txn.on_durable(hint_queue);
  return rows;
}

TrailHead Taking::head() {
  TrailHead out = std::move(letter.trail);
  out.at = letter.arrived;
  out.sender = letter.sender;
  out.taken = true;
  out.size = front.size() - front_size + letter.draft->size();
  for (const LetterRecipient& r : letter.recipients)
    out.ends.push_back({.address = r.address,
                        .kind = filed(r) ? TrailEnd::Kind::mailbox : TrailEnd::Kind::queue,
                        .mailbox = r.destination.mailbox});
  return out;
}

Result<LetterId> Taking::operator()(store::Txn& txn) {
  // A letter that was taken before: somebody repeats what he got no answer to.
  if (TRY(store::Bodies::exists(txn, letter.id.body()))) return letter.id;
  for (Settled& one : letter.settles) {
    const auto settled = Queue::settle(txn, one.key, std::move(one.step));
    // Dropped meanwhile, or settled by an earlier try.
    if (!settled && settled.error().code() != Errc::not_found) return std::unexpected(settled.error());
  }
  if (letter.recipients.empty()) {
    txn.use_reserve();
    return letter.id;
  }
  const store::BodyRef body = TRY(store::Bodies::add(txn, letter.draft, front, 1));
  if (!digest.summary.empty()) txn.put(summary_key(body.id), digest.summary);
  const std::uint32_t references = TRY(file(txn, body)) + enqueue(txn, body);
  if (references == 0) {
    TRY(release_body(txn, body.id));
    return fail(Errc::not_found, "nobody is left who would have the letter");
  }
  if (references > 1) TRY(store::Bodies::retain(txn, body.id, references - 1));
  Trail::add(txn, letter.id, head());
  for (Taking& notice : notices) {
    const auto told = notice(txn);
    if (!told && told.error().code() != Errc::not_found) return std::unexpected(told.error());
  }
  return letter.id;
}

}  // namespace

Deliver::Deliver(store::Store& store, store::Commit& commit, Mailboxes& mailboxes, Queue& queue, Clock& clock)
    : store_(store), commit_(commit), mailboxes_(mailboxes), queue_(queue), clock_(clock) {}

Task<Result<void>> Deliver::draft(Letter* letter, Deadline deadline) {
  if (!letter->draft)
    letter->draft = CO_TRY(
        co_await letter_draft_of(&store_, letter->id.body(), std::exchange(letter->octets, ChunkList()), deadline));
  co_return Result<void>();
}

Task<Result<LetterId>> Deliver::take(Letter letter, Deadline deadline) {
  if (!letter.id) co_return fail(Errc::bug, "a letter needs an id");
  const auto prepare = [this, now = clock_.now()](Letter one) {
    Taking taking;
    // RFC 5321 §4.4: the delivering system puts it at the beginning; a relaying one must not
    const Bytes return_path = "Return-Path: <" + one.sender + ">\r\n";
    taking.front.append_copy(return_path);
    taking.front.append(std::move(one.trace));
    taking.front_size = static_cast<std::uint32_t>(return_path.size());
    taking.letter = std::move(one);
    if (taking.for_mailboxes()) taking.digest = taking.letter.draft->digest(taking.front.size(), taking.letter.header);
    taking.front.append_copy(std::exchange(taking.letter.header, {}));
    taking.now = now;
    taking.history = mailboxes_.history();
    taking.hint_mailbox = [m = &mailboxes_](AccountId a, MailboxId id) { m->hint(a, id); };
    taking.hint_queue = [q = &queue_, now] { q->hint(now); };
    return taking;
  };
  std::vector<Letter> notices = std::exchange(letter.notices, {});
  CO_TRY(co_await draft(&letter, deadline));
  for (Letter& notice : notices) CO_TRY(co_await draft(&notice, deadline));
  Taking taking = prepare(std::move(letter));
  for (Letter& notice : notices) taking.notices.push_back(prepare(std::move(notice)));
  co_return co_await commit_.submit<LetterId>(std::move(taking), deadline);
}

}  // namespace chappe::post
