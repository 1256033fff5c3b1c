#include "post/care/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "post/care/kept.h"
#include "post/mailbox/records.h"
#include "post/mailbox/summary.h"
#include "post/mailbox/threads.h"
#include "post/queue/record.h"
#include "post/search/portion.h"
#include "store/body_rows.h"
#include "store/walk.h"

namespace chappe::post {

using namespace records;  // NOLINT
using store::Row;
using store::Space;

namespace {

constexpr std::size_t kMostFindings = 1'000'000;
constexpr std::int64_t kDay = 86'400'000'000;  // µs

// What an account is put together from. Bodies are not looked at: verify has.
class Account {
 public:
  Account(store::Txn& txn, AccountId account, Time now) : txn_(txn), account_(account), now_(now) {}

  Result<void> mend() {
    const auto row = TRY(txn_.get(account_key(account_)));
    if (const auto read = row ? decode_account(row->view()) : Result<AccountRow>(AccountRow())) row_ = *read;
    if (row_.removed) return {};
    txn_.use_reserve();
    TRY(read_mailboxes());
    TRY(read_names());
    TRY(read_messages());
    TRY(read_pages());
    TRY(write());
    return {};
  }

 private:
  struct Mailbox {
    std::optional<MailboxInfo> info;
    std::map<std::uint32_t, std::uint64_t> messages;  // UID and size
    std::map<std::uint32_t, MessageState> states;
  };

  Result<bool> reaped(std::uint32_t mailbox) {
    return TRY(txn_.get(reap_key(account_, MailboxId{mailbox}))).has_value();
  }

  Result<void> read_mailboxes() {
    for (const Row& row : TRY(txn_.scan_all(mailbox_range(account_)))) {
      const MailboxId id = TRY(mailbox_of(account_, row.key));
      if (const auto info = decode_mailbox(row.value.view(), id)) mailboxes_[id.value].info = *info;
    }
    return {};
  }

  // Names outlive the rows of their mailboxes.
  Result<void> read_names() {
    for (const Row& row : TRY(txn_.scan_all(names_below(account_, ""))))
      if (const auto id = decode_id(row.value.view())) {
        names_[id->value] = TRY(name_of(account_, row.key));
        mailboxes_[id->value];
      }
    return {};
  }

  Result<void> read_messages() {
    for (store::Range range = messages_of(account_);;) {
      const store::Page page = TRY(txn_.scan(range));
      for (const Row& row : page.rows) {
        store::KeyReader key(row.key);
        TRY(key.expect(account_.value, Space::message));
        const std::uint32_t mailbox = TRY(key.u32());
        const Uid uid{TRY(key.u32())};
        if (const auto record = decode_message(row.value.view(), uid))
          mailboxes_[mailbox].messages[uid.value] = record->body.size;
      }
      if (!page.more) return {};
      range = store::after(std::move(range), page);
    }
  }

  Result<void> read_pages() {
    const store::Range all = store::KeyWriter(account_.value, Space::flag_page).range();
    for (const Row& row : TRY(txn_.scan_all(all))) {
      store::KeyReader key(row.key);
      TRY(key.expect(account_.value, Space::flag_page));
      const std::uint32_t mailbox = TRY(key.u32());
      const std::uint32_t number = TRY(key.u32());
      if (const auto states = decode_page(row.value.view(), number))
        for (const MessageState& s : *states) {
          mailboxes_[mailbox].states[s.uid.value] = s;
          last_ = std::max(last_, s.modseq);
        }
      if (!TRY(reaped(mailbox))) txn_.remove(row.key);
    }
    return {};
  }

  // A mailbox of which only messages are left.
  MailboxInfo found(std::uint32_t id) {
    MailboxInfo info;
    info.id = MailboxId{id};
    const auto name = names_.find(id);
    info.name = name != names_.end() ? name->second : fmt::format("Recovered {}", id);
    info.uidvalidity = row_.last_uidvalidity =
        std::max(row_.last_uidvalidity + 1, static_cast<std::uint32_t>(now_.us / 1'000'000));
    return info;
  }

  Result<void> write() {
    last_ = std::max(last_, row_.modseq);
    for (const auto& [id, m] : mailboxes_)
      if (m.info) last_ = std::max(last_, m.info->highestmodseq);
    const ModSeq mine{last_.value + 1};
    row_.modseq = mine;
    // Whoever follows the feed reads everything anew.
    txn_.remove(changes_after(account_, {}));
    row_.history.forgotten = mine;
    row_.mailboxes = 0;
    row_.messages = row_.size = 0;
    txn_.remove(names_below(account_, ""));
    for (auto& [id, m] : mailboxes_)
      if (!m.info && !TRY(reaped(id)) && (!m.messages.empty() || names_.contains(id))) m.info = found(id);
    // There is always one (RFC 9051 §5.1).
    if (std::ranges::none_of(mailboxes_,
                             [](const auto& m) { return m.second.info && m.second.info->name == "INBOX"; })) {
      const std::uint32_t id = std::max(row_.next_mailbox, mailboxes_.empty() ? 1 : mailboxes_.rbegin()->first + 1);
      names_[id] = "INBOX";
      mailboxes_[id].info = found(id);
    }
    for (auto& [id, m] : mailboxes_) {
      if (!m.info) continue;
      MailboxInfo& info = *m.info;
      info.messages = info.unseen = info.deleted = 0;
      info.size = 0;
      info.highestmodseq = mine;
      std::map<std::uint32_t, std::vector<MessageState>> pages;
      for (const auto& [uid, size] : m.messages) {
        const auto known = m.states.find(uid);
        const MessageState state = known != m.states.end()
                                       ? known->second
                                       : MessageState{.uid = Uid{uid}, .flags = {}, .modseq = mine, .keywords = {}};
        pages[page_of(state.uid)].push_back(state);
        ++info.messages;
        info.unseen += !state.flags.has(Flag::seen);
        info.deleted += state.flags.has(Flag::deleted);
        info.size += size;
        info.uidnext = std::max(info.uidnext, uid + 1);
      }
      for (const auto& [number, states] : pages) txn_.put(page_key(account_, info.id, number), encode_page(states));
      txn_.put(mailbox_key(account_, info.id), encode(info));
      txn_.put(name_key(account_, info.name), encode_id(info.id));
      ++row_.mailboxes;
      row_.messages += info.messages;
      row_.size += info.size;
      row_.next_mailbox = std::max(row_.next_mailbox, id + 1);
    }
    txn_.put(account_key(account_), encode(row_));
    return {};
  }

  store::Txn& txn_;
  const AccountId account_;
  const Time now_;
  AccountRow row_;
  ModSeq last_;
  std::map<std::uint32_t, std::string> names_;
  std::map<std::uint32_t, Mailbox> mailboxes_;
};

// Sets how many name a body. With none it goes.
Result<void> set_references(store::Txn& txn, const store::BodyId& body, std::uint32_t references) {
  const auto row = TRY(txn.get(store::body_key(body)));
  if (!row) return {};
  store::BodyHeader header = TRY(store::decode_body_header(row->view()));
  if (references == 0) {
    // Where its octets stand may be what cannot be read; then segments count too much, which is found next.
    if (release_body(txn, body, header.references)) return {};
    txn.remove(store::body_key(body));
    txn.remove(store::extents_key(body));
    txn.remove(summary_key(body));
    return {};
  }
  header.references = references;
  txn.put(store::body_key(body), store::encode(header));
  return {};
}

bool is_thread(AccountId account, const Bytes& key) {
  return store::KeyReader(key).expect(account.value, Space::thread).has_value();
}

// A letter without its octets, read as a stream.
Task<Result<message::Letter>> outline_of(store::Store* store, store::BodyRef body, Deadline deadline) {
  const store::Bodies bodies(*store);
  message::LetterStream look(kLook);
  for (std::uint64_t at = 0; at < body.size; at += store::Flow::kExtent) {
    const auto octets = CO_TRY(co_await bodies.read(body, at, store::Flow::kExtent, deadline));
    for (const Chunk& chunk : octets.chunks()) look.feed(chunk.view());
  }
  co_return look.finish();
}

// A queue row goes with the time that it is due at.
Result<void> remove_queued(store::Txn& txn, const Bytes& key) {
  const QueueKey at = TRY(queue_of(key));
  if (const auto row = TRY(txn.get(key)))
    if (const auto entry = decode_queue(row->view(), at)) txn.remove(due_key(entry->next_attempt, at));
  txn.remove(key);
  return {};
}

}  // namespace

Result<void> Repair::step() const {
  if (go_on_ && !go_on_()) return fail(Errc::cancelled, "given up");
  return {};
}

Task<Result<std::vector<Finding>>> Repair::find(Verify::OnFault on_fault, Deadline deadline) {
  std::vector<Finding> out;
  Verify verify(
      store_, {},
      [&](const Finding& f) {
        if (on_fault) on_fault(f);
        if (out.size() < kMostFindings) out.push_back(f);
      },
      [this](const VerifyCounts&) { return step().has_value(); });
  CO_TRY(co_await verify.run(deadline));
  co_return out;
}

Task<Result<void>> Repair::set_row_aside(Bytes key, Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(key, deadline));
  if (!row) co_return Result<void>();
  CO_TRY(aside_("row-" + key_text(key), row->view()));
  ++aside_count_;
  co_return Result<void>();
}

// As much of it as can be read.
Task<Result<void>> Repair::set_letter_aside(store::BodyId body, Deadline deadline) {
  Bytes octets;
  if (const auto row = CO_TRY(co_await store_.get(store::extents_key(body), deadline))) {
    if (const auto where = store::decode_body_extents(row->view())) {
      octets = where->front;
      for (const store::Extent& e : where->extents)
        if (const auto part = co_await store_.extents().read(e, deadline)) octets += part->view();
    }
  } else if (const auto header_row = CO_TRY(co_await store_.get(store::body_key(body), deadline))) {
    const auto header = store::decode_body_header(header_row->view());
    for (std::uint32_t n = 0; header && n <= header->size / (1024 * 1024); ++n)
      if (const auto piece = CO_TRY(co_await store_.get(store::piece_key(body, n), deadline))) octets += piece->view();
  }
  CO_TRY(aside_("letter-" + LetterId::of(body).text() + ".eml", octets));
  ++aside_count_;
  co_return Result<void>();
}

// The messages, deleted letters and queue rows that name one of `lost`.
Task<Result<void>> Repair::remove_messages(std::vector<store::BodyId> lost, std::vector<AccountId>* accounts,
                                           Deadline deadline) {
  std::ranges::sort(lost);
  std::vector<Bytes> keys;
  store::RowWalk walk(store_.snapshot(), {}, [](const Bytes&, const Error&) {});
  for (;;) {
    const auto rows = CO_TRY(co_await walk.next(deadline));
    if (rows.empty()) break;
    for (const Row& row : rows) {
      store::KeyReader key(row.key);
      const AccountId account{key.u32().value_or(0)};
      const auto space = static_cast<Space>(key.u8().value_or(0));
      std::optional<store::BodyId> body;
      if (space == Space::message) {
        if (const auto record = decode_message(row.value.view(), {})) body = record->body.id;
      } else if (space == Space::kept) {
        if (const auto kept = decode_kept(account, row)) body = kept->record.body.id;
      } else if (space == Space::queue && !account) {
        if (const auto at = queue_of(row.key))
          if (const auto entry = decode_queue(row.value.view(), *at)) body = entry->body.id;
      }
      if (!body || !std::ranges::binary_search(lost, *body)) continue;
      keys.push_back(row.key);
      if (space == Space::message) accounts->push_back(account);
    }
  }
  for (const Bytes& key : keys) CO_TRY(co_await set_row_aside(key, deadline));
  CO_TRY(co_await commit_.submit(
      [keys, lost](store::Txn& txn) -> Result<void> {
        txn.use_reserve();
        for (const Bytes& key : keys) {
          if (queue_of(key))
            TRY(remove_queued(txn, key));
          else
            txn.remove(key);
        }
        for (const store::BodyId& body : lost) TRY(set_references(txn, body, 0));
        return {};
      },
      deadline));
  co_return Result<void>();
}

// What is told of a letter, from the letter; nothing, if that cannot be read.
Task<Result<void>> Repair::mend_summary(store::BodyId body, Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(store::body_key(body), deadline));
  const auto header = row ? store::decode_body_header(row->view()) : Result<store::BodyHeader>(store::BodyHeader());
  Bytes summary;
  if (row && header) {
    const auto outline = co_await outline_of(&store_, {body, header->size, header->codec, header->key}, deadline);
    if (outline) summary = digest_of(header->size, *outline, 0).summary;
  }
  co_return co_await commit_.submit(
      [body, summary = std::move(summary)](store::Txn& txn) -> Result<void> {
        txn.use_reserve();
        if (summary.empty() || !TRY(txn.get(store::body_key(body))))
          txn.remove(summary_key(body));
        else
          txn.put(summary_key(body), summary);
        return {};
      },
      deadline);
}

// Puts back what leads from the ids that letters name to their threads, where nothing does.
Task<Result<void>> Repair::mend_threads(AccountId account, Deadline deadline) {
  const std::int64_t today = clock_.now().us / kDay;
  store::RowWalk walk(store_.snapshot(), messages_of(account), [](const Bytes&, const Error&) {});
  for (;;) {
    const auto rows = CO_TRY(co_await walk.next(deadline));
    if (rows.empty()) co_return Result<void>();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> named;  // clue and thread
    for (const Row& row : rows) {
      const auto record = decode_message(row.value.view(), {});
      if (!record || record->thread == 0) continue;
      const auto kept = CO_TRY(co_await store_.get(summary_key(record->body.id), deadline));
      const auto summary = kept ? decode_summary(kept->view()) : Result<std::optional<Summary>>(std::nullopt);
      Clues clues;
      if (summary && *summary)
        clues = clues_of((*summary)->outline);
      else if (const auto outline = co_await outline_of(&store_, record->body, deadline))
        clues = clues_of(*outline);
      for (const std::uint64_t clue : clues) named.emplace_back(clue, record->thread);
    }
    CO_TRY(step());
    CO_TRY(co_await commit_.submit(
        [account, today, named = std::move(named)](store::Txn& txn) -> Result<void> {
          txn.use_reserve();
          for (const auto& [clue, thread] : named)
            if (const Bytes key = thread_key(account, clue); !TRY(txn.get(key)))
              txn.put(key, encode(ThreadRow{thread, today}));
          return {};
        },
        deadline));
  }
}

Task<Result<void>> Repair::mend(std::vector<Finding> findings, Deadline deadline) {
  std::vector<AccountId> accounts, threads, indexed;
  std::vector<store::BodyId> lost, summaries;
  std::vector<Bytes> gone;
  std::vector<std::pair<Bytes, Bytes>> rows;
  std::vector<std::pair<store::BodyId, std::uint32_t>> references;
  for (const Finding& f : findings) {
    switch (f.fault) {
      case Fault::bad_row:
      case Fault::octets_astray:
      case Fault::body_missing:
      case Fault::summary_astray:
        gone.push_back(f.key);
        if (f.account) (is_thread(f.account, f.key) ? threads : accounts).push_back(f.account);
        break;
      case Fault::summary_wrong:
        summaries.push_back(f.body);
        break;
      case Fault::octets_missing:
      case Fault::octets_damaged:
        lost.push_back(f.body);
        break;
      case Fault::body_orphan:
        CO_TRY(co_await set_letter_aside(f.body, deadline));
        references.emplace_back(f.body, 0);
        break;
      case Fault::body_references:
        references.emplace_back(f.body, static_cast<std::uint32_t>(f.value));
        break;
      case Fault::segment_counts:
        rows.emplace_back(f.key, f.value == 0 ? Bytes() : store::encode_segment_row(f.value));
        break;
      case Fault::due_astray:
        rows.emplace_back(f.key, Bytes());
        break;
      case Fault::index_wrong:
        indexed.push_back(f.account);
        break;
      case Fault::due_missing:
      case Fault::unreadable:
      case Fault::file_damaged:
      case Fault::body_size:
        break;
      default:
        accounts.push_back(f.account);
    }
  }
  std::ranges::sort(lost);
  lost.erase(std::ranges::unique(lost).begin(), lost.end());
  for (const store::BodyId& body : lost) {
    CO_TRY(step());
    CO_TRY(co_await set_letter_aside(body, deadline));
  }
  if (!lost.empty()) CO_TRY(co_await remove_messages(lost, &accounts, deadline));
  for (const Bytes& key : gone) CO_TRY(co_await set_row_aside(key, deadline));
  CO_TRY(step());
  std::vector<Bytes> due;
  for (const Finding& f : findings)
    if (f.fault == Fault::due_missing) due.push_back(f.key);
  CO_TRY(co_await commit_.submit(
      [gone, rows, references, due](store::Txn& txn) -> Result<void> {
        txn.use_reserve();
        for (const Bytes& key : gone) {
          if (queue_of(key))
            TRY(remove_queued(txn, key));
          else
            txn.remove(key);
        }
        for (const auto& [key, value] : rows) {
          if (value.empty())
            txn.remove(key);
          else
            txn.put(key, value);
        }
        for (const Bytes& key : due) txn.put(key, Bytes());
        for (const auto& [body, n] : references) TRY(set_references(txn, body, n));
        return {};
      },
      deadline));
  for (const store::BodyId& body : summaries) {
    CO_TRY(step());
    CO_TRY(co_await mend_summary(body, deadline));
  }
  for (std::vector<AccountId>* list : {&accounts, &threads, &indexed}) {
    std::ranges::sort(*list);
    list->erase(std::ranges::unique(*list).begin(), list->end());
  }
  for (const AccountId account : threads) CO_TRY(co_await mend_threads(account, deadline));
  for (const AccountId account : indexed) CO_TRY(co_await commit_.submit(search::drop_of(account), deadline));
  for (const AccountId account : accounts) {
    if (!account) continue;
    CO_TRY(step());
    CO_TRY(co_await commit_.submit(
        [account, now = clock_.now()](store::Txn& txn) { return Account(txn, account, now).mend(); }, deadline));
  }
  co_return Result<void>();
}

Task<Result<Repaired>> Repair::run(Verify::OnFault on_fault, Deadline deadline) {
  Repaired out;
  std::vector<Finding> findings = CO_TRY(co_await find(std::move(on_fault), deadline));
  out.faults = findings.size();
  // What seems to be lost may be in a file that can be put right.
  const bool files = std::ranges::any_of(findings, [](const Finding& f) { return wants_rebuild(f.fault); });
  for (int round = 0; round < kRounds && !findings.empty() && !files; ++round) {
    CO_TRY(co_await mend(std::move(findings), deadline));
    findings = CO_TRY(co_await find({}, deadline));
  }
  out.left = findings.size();
  out.aside = aside_count_;
  co_return out;
}

}  // namespace chappe::post
