#include "post/care/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/text.h"
#include "post/care/kept.h"
#include "post/mailbox/records.h"
#include "post/queue/record.h"
#include "store/body_rows.h"
#include "store/walk.h"

namespace chappe::post {

using namespace records;  // NOLINT
using store::Row;
using store::Space;

namespace {

constexpr std::size_t kPlaces = 10;
constexpr Duration kNap = std::chrono::seconds(1);  // between two looks whether to give up

struct IdHash {
  std::size_t operator()(const store::BodyId& id) const { return std::hash<std::string_view>()(id.view()); }
};

// In which pass over the rows a body's references are counted.
std::size_t pass_of(const store::BodyId& id, std::size_t passes) { return passes < 2 ? 0 : IdHash()(id) % passes; }

std::string place(std::uint32_t mailbox, std::uint32_t uid) { return fmt::format("mailbox {}, uid {}", mailbox, uid); }

}  // namespace

// Which bodies there are, and who names them; those of one pass.
class Verify::BodyTable {
 public:
  struct Body {
    std::uint64_t size = 0;
    std::uint32_t declared = 0;
    std::uint32_t seen = 0;
    std::uint64_t octets = 0;  // in rows or extents
  };
  BodyTable(std::size_t pass, std::size_t passes) : pass_(pass), passes_(passes) {}
  bool ours(const store::BodyId& id) const { return pass_of(id, passes_) == pass_; }
  std::unordered_map<store::BodyId, Body, IdHash> bodies;

 private:
  std::size_t pass_;
  std::size_t passes_;
};

// Looks at rows in the order of keys: first the system's, then account by account.
class Verify::Rows {
 public:
  Rows(Verify& out, std::size_t pass, std::size_t passes) : out_(out), table_(pass, passes), first_(pass == 0) {}

  void row(const Row& row);
  void end();

 private:
  struct Mailbox {
    std::optional<MailboxInfo> info;
    bool named = false;
    std::uint32_t messages = 0, unseen = 0, deleted = 0;
    std::uint64_t size = 0;
  };
  struct Named {
    std::uint64_t size;
    Bytes key;
    std::string who;
  };
  struct Message {
    std::uint32_t mailbox;
    std::uint32_t uid;
    std::uint64_t size;
    bool flagged = false;  // in a page
  };

  Result<void> read(const Row& row, AccountId account, Space space);
  Result<void> read_system(const Row& row, Space space, store::KeyReader key);
  void begin_account(AccountId account);
  void end_account();
  void name(const store::BodyRef& body, const Bytes& key, const std::string& who);
  void page(MailboxId mailbox, const std::vector<MessageState>& states);
  void fault(Fault f, std::string what, std::string detail = {}) {
    out_.fault({f, account_, std::move(what), std::move(detail)});
  }
  void fault_at(Fault f, Bytes key, std::string what, std::string detail = {}, std::uint64_t value = 0) {
    out_.fault({f, account_, std::move(what), std::move(detail), std::move(key), {}, value});
  }
  void fault_of(Fault f, const store::BodyId& body, std::string detail = {}, std::uint64_t value = 0) {
    out_.fault({f, account_, fmt::format("letter {}", LetterId::of(body).text()), std::move(detail), {}, body, value});
  }
  bool reaped(std::uint32_t mailbox) const {
    return reaped_.contains({account_.value, mailbox}) || reaped_.contains({account_.value, 0});
  }

  Verify& out_;
  BodyTable table_;
  const bool first_;  // what is not about bodies is looked at in the first pass only

  // of the system
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> reaped_;
  std::map<std::uint32_t, std::uint64_t> alive_;    // by segment: counted from extents
  std::map<std::uint32_t, std::uint64_t> counted_;  // and by the segment's row
  std::map<QueueKey, Time> due_;                    // as recipients say
  // Named by the queue, whose rows stand before the bodies'.
  std::unordered_map<store::BodyId, std::vector<Named>, IdHash> early_;
  bool bodies_done_ = false;

  // of the account
  AccountId account_;
  AccountRow account_row_;
  std::map<std::uint32_t, Mailbox> mailboxes_;
  std::vector<Message> messages_;
};

void Verify::Rows::row(const Row& row) {
  store::KeyReader key(row.key);
  const auto account = key.u32();
  const auto space = key.u8();
  if (!account || !space) return fault_at(Fault::bad_row, row.key, key_text(row.key), "the key is too short");
  if (*account != account_.value) {
    end_account();
    begin_account(AccountId{*account});
  }
  if (first_) ++out_.counts_.rows;
  const auto done = *account == store::kSystemAccount ? read_system(row, static_cast<Space>(*space), key)
                                                      : read(row, account_, static_cast<Space>(*space));
  if (!done && first_) fault_at(Fault::bad_row, row.key, key_text(row.key), done.error().text());
}

void Verify::Rows::begin_account(AccountId account) {
  account_ = account;
  account_row_ = {};
  mailboxes_.clear();
  messages_.clear();
  if (first_) ++out_.counts_.accounts;
}

// The account 0: in order of spaces queue, queue_due, reap, body, body_piece, …, body_extents, segment.
Result<void> Verify::Rows::read_system(const Row& row, Space space, store::KeyReader key) {
  const auto body_of = [&]() -> Result<store::BodyId> {
    store::BodyId id;
    std::ranges::copy(TRY(key.octets(id.octets.size())), id.octets.begin());
    return id;
  };
  switch (space) {
    case Space::queue: {
      const QueueKey at = TRY(queue_of(row.key));
      const QueueEntry e = TRY(decode_queue(row.value.view(), at));
      name(e.body, row.key, fmt::format("queue {} {}", at.letter.text(), at.recipient));
      if (first_ && e.state != QueueState::held) due_[at] = e.next_attempt;
      return {};
    }
    case Space::queue_due: {
      const Due due = TRY(due_of(row.key));
      const auto i = due_.find(due.key);
      if (i != due_.end() && i->second == due.when)
        due_.erase(i);
      else if (first_)
        fault_at(Fault::due_astray, row.key, fmt::format("queue {} {}", due.key.letter.text(), due.key.recipient));
      return {};
    }
    case Space::reap: {
      const Reaped r = TRY(reap_of(row.key));
      reaped_[{r.account.value, r.mailbox.value}] = true;
      return {};
    }
    case Space::body: {
      const store::BodyId id = TRY(body_of());
      const store::BodyHeader h = TRY(store::decode_body_header(row.value.view()));
      if (first_) ++out_.counts_.all_letters;
      if (table_.ours(id)) {
        BodyTable::Body& body = table_.bodies[id];
        body.size = h.size;
        body.declared = h.references;
        // Who stands before bodies in the order of keys was not counted yet: the queue.
        if (const auto early = early_.find(id); early != early_.end()) {
          for (const Named& n : early->second) name({id, n.size, h.codec, h.key}, n.key, n.who);
          early_.erase(early);
        }
      }
      return {};
    }
    case Space::body_piece:
    case Space::body_extents: {
      const store::BodyId id = TRY(body_of());
      std::uint64_t size = row.value.size();
      if (space == Space::body_extents) {
        const store::BodyExtents where = TRY(store::decode_body_extents(row.value.view()));
        size = where.front.size();
        for (const store::Extent& e : where.extents) {
          size += e.octets();
          if (first_) alive_[e.at.segment] += e.size;
        }
      }
      if (!table_.ours(id)) return {};
      const auto body = table_.bodies.find(id);
      if (body == table_.bodies.end())
        fault_at(Fault::octets_astray, row.key, fmt::format("letter {}", LetterId::of(id).text()));
      else
        body->second.octets += size;
      return {};
    }
    case Space::segment:
      if (first_) counted_[TRY(key.u32())] = TRY(store::decode_segment_row(row.value.view()));
      return {};
    default:
      return {};
  }
}

void Verify::Rows::name(const store::BodyRef& body, const Bytes& key, const std::string& who) {
  if (!table_.ours(body.id)) return;
  const auto i = table_.bodies.find(body.id);
  if (i == table_.bodies.end()) {
    if (!bodies_done_)
      early_[body.id].push_back({body.size, key, who});
    else
      fault_at(Fault::body_missing, key, who, fmt::format("letter {}", LetterId::of(body.id).text()));
    return;
  }
  ++i->second.seen;
  if (i->second.size != body.size)
    fault_at(Fault::body_size, key, who, fmt::format("{} instead of {}", body.size, i->second.size));
}

Result<void> Verify::Rows::read(const Row& row, AccountId account, Space space) {
  if (!bodies_done_) {
    bodies_done_ = true;
    for (const auto& [body, names] : std::exchange(early_, {}))
      for (const Named& n : names)
        fault_at(Fault::body_missing, n.key, n.who, fmt::format("letter {}", LetterId::of(body).text()));
  }
  store::KeyReader key(row.key);
  TRY(key.expect(account.value, space));
  switch (space) {
    case Space::account:
      account_row_ = TRY(decode_account(row.value.view()));
      return {};
    case Space::mailbox: {
      const MailboxId id = TRY(mailbox_of(account, row.key));
      mailboxes_[id.value].info = TRY(decode_mailbox(row.value.view(), id));
      return {};
    }
    case Space::mailbox_name: {
      const std::string text = TRY(name_of(account, row.key));
      const MailboxId id = TRY(decode_id(row.value.view()));
      const auto m = mailboxes_.find(id.value);
      if (m != mailboxes_.end() && m->second.info && m->second.info->name == text)
        m->second.named = true;
      else if (first_)
        fault(Fault::name_astray, text, fmt::format("mailbox {}", id.value));
      return {};
    }
    case Space::keywords:
      TRY(decode_keywords(row.value.view()));
      return {};
    case Space::message: {
      const MailboxId id{TRY(key.u32())};
      const Uid uid{TRY(key.u32())};
      const MessageRecord record = TRY(decode_message(row.value.view(), uid));
      name(record.body, row.key, fmt::format("account {}, {}", account.value, place(id.value, uid.value)));
      if (!first_) return {};
      ++out_.counts_.messages;
      messages_.push_back({id.value, uid.value, record.body.size});
      return {};
    }
    case Space::flag_page: {
      const MailboxId id{TRY(key.u32())};
      const std::uint32_t number = TRY(key.u32());
      if (first_) page(id, TRY(decode_page(row.value.view(), number)));
      return {};
    }
    case Space::change: {
      const ModSeq when = TRY(change_of(account, row.key));
      TRY(decode_change(row.value.view()));
      if (first_ && when > account_row_.modseq)
        fault(Fault::modseq_too_high, fmt::format("change {}", when.value),
              fmt::format("last {}", account_row_.modseq.value));
      return {};
    }
    case Space::expunged:
      TRY(decode_uids(row.value.view()));
      return {};
    case Space::kept: {
      const KeptLetter letter = TRY(decode_kept(account, row));
      name(letter.record.body, row.key,
           fmt::format("account {}, deleted, {}", account.value, place(letter.mailbox.value, letter.record.uid.value)));
      return {};
    }
    default:
      return {};
  }
}

void Verify::Rows::page(MailboxId mailbox, const std::vector<MessageState>& states) {
  Mailbox& m = mailboxes_[mailbox.value];
  for (const MessageState& s : states) {
    const auto i = std::lower_bound(messages_.begin(), messages_.end(), std::pair(mailbox.value, s.uid.value),
                                    [](const Message& a, const auto& b) { return std::pair(a.mailbox, a.uid) < b; });
    if (i == messages_.end() || i->mailbox != mailbox.value || i->uid != s.uid.value) {
      if (!reaped(mailbox.value)) fault(Fault::record_missing, place(mailbox.value, s.uid.value));
      continue;
    }
    i->flagged = true;
    ++m.messages;
    m.unseen += !s.flags.has(Flag::seen);
    m.deleted += s.flags.has(Flag::deleted);
    m.size += i->size;
    if (m.info && s.modseq > m.info->highestmodseq)
      fault(Fault::modseq_too_high, place(mailbox.value, s.uid.value),
            fmt::format("{} above {}", s.modseq.value, m.info->highestmodseq.value));
    if (m.info && s.uid.value >= m.info->uidnext)
      fault(Fault::uid_too_high, place(mailbox.value, s.uid.value), fmt::format("UIDNEXT {}", m.info->uidnext));
  }
}

void Verify::Rows::end_account() {
  if (!first_ || !account_) return;
  for (const Message& m : messages_)
    if (!m.flagged && !reaped(m.mailbox)) fault(Fault::flags_missing, place(m.mailbox, m.uid));
  std::uint64_t messages = 0, size = 0;
  std::uint32_t count = 0;
  for (const auto& [id, m] : mailboxes_) {
    const std::string what = fmt::format("mailbox {}", id);
    if (!m.info) {
      if (!reaped(id)) fault(Fault::messages_astray, what, fmt::format("{} messages", m.messages));
      continue;
    }
    ++count;
    messages += m.messages;
    size += m.size;
    if (!m.named) fault(Fault::name_lost, what, m.info->name);
    const MailboxInfo& i = *m.info;
    if (std::tuple(i.messages, i.unseen, i.deleted, i.size) != std::tuple(m.messages, m.unseen, m.deleted, m.size))
      fault(Fault::mailbox_counts, what,
            fmt::format("{} messages, {} unseen, {} deleted, {} octets instead of {}, {}, {}, {}", i.messages, i.unseen,
                        i.deleted, i.size, m.messages, m.unseen, m.deleted, m.size));
  }
  const AccountRow& a = account_row_;
  if (!a.removed && std::tuple(a.mailboxes, a.messages, a.size) != std::tuple(count, messages, size))
    fault(Fault::account_counts, "account",
          fmt::format("{} mailboxes, {} messages, {} octets instead of {}, {}, {}", a.mailboxes, a.messages, a.size,
                      count, messages, size));
}

void Verify::Rows::end() {
  end_account();
  account_ = {};
  for (const auto& [id, body] : table_.bodies) {
    if (body.octets != body.size)
      fault_of(Fault::octets_missing, id, fmt::format("{} octets instead of {}", body.octets, body.size));
    if (body.seen == 0)
      fault_of(Fault::body_orphan, id);
    else if (body.seen != body.declared)
      fault_of(Fault::body_references, id, fmt::format("{} instead of {}", body.declared, body.seen), body.seen);
  }
  if (!first_) return;
  for (const auto& [key, when] : due_)
    fault_at(Fault::due_missing, due_key(when, key), fmt::format("queue {} {}", key.letter.text(), key.recipient));
  for (const auto& [segment, size] : counted_)
    if (const auto i = alive_.find(segment); i == alive_.end() || i->second != size)
      fault_at(Fault::segment_counts, store::segment_key(segment), fmt::format("segment {}", segment),
               fmt::format("{} instead of {}", size, i == alive_.end() ? 0 : i->second),
               i == alive_.end() ? 0 : i->second);
  for (const auto& [segment, size] : alive_)
    if (!counted_.contains(segment))
      fault_at(Fault::segment_counts, store::segment_key(segment), fmt::format("segment {}", segment),
               fmt::format("0 instead of {}", size), size);
}

Verify::Verify(store::Store& store, VerifyOptions options, OnFault on_fault, OnProgress on_progress)
    : store_(store), options_(options), on_fault_(std::move(on_fault)), on_progress_(std::move(on_progress)) {}

void Verify::fault(Finding finding) {
  ++counts_.faults;
  on_fault_(finding);
}

Result<void> Verify::progress() const {
  if (on_progress_ && !on_progress_(counts_)) return fail(Errc::cancelled, "given up");
  return {};
}

// Waits until so many octets may have been read.
Task<Result<void>> Verify::keep_pace(Steady began, Deadline deadline) {
  if (options_.octets_per_second == 0) co_return Result<void>();
  const double seconds = static_cast<double>(counts_.octets) / static_cast<double>(options_.octets_per_second);
  const Steady due = began + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  for (;;) {
    const Steady now = net::Executor::current()->clock().steady();
    if (now >= due || deadline.passed()) co_return Result<void>();
    (void)co_await net::sleep(Deadline{std::min(due, now + kNap), deadline.cancel});
    CO_TRY(progress());
  }
}

Task<Result<void>> Verify::rows(std::shared_ptr<store::Reader> at, std::size_t pass, std::size_t passes,
                                Deadline deadline) {
  Rows rows(*this, pass, passes);
  store::RowWalk walk(std::move(at), {}, [this, pass](const Bytes& after, const Error& why) {
    if (pass == 0) fault({Fault::unreadable, {}, "after " + key_text(after), why.text()});
  });
  for (;;) {
    const std::vector<Row> some = CO_TRY(co_await walk.next(deadline));
    if (some.empty()) break;
    for (const Row& row : some) rows.row(row);
    CO_TRY(progress());
    co_await net::yield();
  }
  rows.end();
  co_return Result<void>();
}

// Reads one letter, octet for octet.
Task<Result<void>> Verify::letter(store::BodyId id, Deadline deadline) {
  const store::Bodies bodies(store_);
  const auto row = CO_TRY(co_await store_.get(store::body_key(id), deadline));
  if (!row) co_return Result<void>();  // gone meanwhile
  const auto header = store::decode_body_header(row->view());
  if (!header) co_return Result<void>();  // told already
  const store::BodyRef body{id, header->size, header->codec, header->key};
  for (std::uint64_t at = 0; at < body.size; at += store::Flow::kExtent) {
    const auto octets = co_await bodies.read(body, at, store::Flow::kExtent, deadline);
    if (octets) {
      counts_.octets += octets->size();
      continue;
    }
    const Errc code = octets.error().code();
    if (code == Errc::not_found && !CO_TRY(co_await store_.get(store::body_key(id), deadline)))
      co_return Result<void>();
    if (code != Errc::not_found && code != Errc::corrupt && code != Errc::unsupported)
      co_return std::unexpected(octets.error());
    const Fault what = code == Errc::not_found ? Fault::octets_missing : Fault::octets_damaged;
    Finding finding{what, {}, fmt::format("letter {}", LetterId::of(id).text()), octets.error().text(), {}, id};
    if (damaged_.size() < kNamed)
      damaged_.emplace(id, std::move(finding));
    else
      fault(std::move(finding));
    break;
  }
  co_return Result<void>();
}

Task<Result<void>> Verify::letters(Deadline deadline) {
  const Steady began = net::Executor::current()->clock().steady();
  store::Range range = store::KeyWriter(store::kSystemAccount, Space::body).range();
  range.begin = store::body_key(LetterId::first_at(options_.since).body());
  store::RowWalk walk(store_.snapshot(), std::move(range), [](const Bytes&, const Error&) {});  // told already
  for (;;) {
    const std::vector<Row> some = CO_TRY(co_await walk.next(deadline));
    if (some.empty()) co_return Result<void>();
    for (const Row& row : some) {
      store::BodyId id;
      if (row.key.size() < id.octets.size()) continue;
      std::ranges::copy(ByteView(row.key).substr(row.key.size() - id.octets.size()), id.octets.begin());
      CO_TRY(co_await letter(id, deadline));
      ++counts_.letters;
      CO_TRY(progress());
      CO_TRY(co_await keep_pace(began, deadline));
    }
  }
}

// Tells of damaged letters with who has them: the account of the first row that names one, and kPlaces of these rows.
Task<Result<void>> Verify::owners(Deadline deadline) {
  std::map<store::BodyId, std::size_t> places;
  store::RowWalk walk(store_.snapshot(), {}, [](const Bytes&, const Error&) {});  // told already
  for (;;) {
    const std::vector<Row> some = CO_TRY(co_await walk.next(deadline));
    if (some.empty()) break;
    for (const Row& row : some) (void)owner(row, places);  // what does not read back was told, too
    CO_TRY(progress());
    co_await net::yield();
  }
  for (auto& [id, finding] : damaged_) fault(std::move(finding));
  damaged_.clear();
  co_return Result<void>();
}

Result<void> Verify::owner(const Row& row, std::map<store::BodyId, std::size_t>& places) {
  const auto tell = [&](const store::BodyId& body, AccountId account, std::string where) {
    const auto i = damaged_.find(body);
    if (i == damaged_.end()) return;
    Finding& finding = i->second;
    const std::size_t before = places[body]++;
    if (before == 0) finding.account = account;
    if (account && account != finding.account) where = fmt::format("account {}, {}", account.value, where);
    if (before < kPlaces) finding.what += (before == 0 ? ": " : "; ") + where;
    if (before == kPlaces) finding.what += "; …";
  };
  store::KeyReader key(row.key);
  const AccountId account{TRY(key.u32())};
  switch (static_cast<Space>(TRY(key.u8()))) {
    case Space::queue: {
      const QueueKey at = TRY(queue_of(row.key));
      tell(TRY(decode_queue(row.value.view(), at)).body.id, {}, fmt::format("queue {}", at.recipient));
      return {};
    }
    case Space::message: {
      const std::uint32_t mailbox = TRY(key.u32());
      const Uid uid{TRY(key.u32())};
      tell(TRY(decode_message(row.value.view(), uid)).body.id, account, place(mailbox, uid.value));
      return {};
    }
    case Space::kept: {
      const KeptLetter letter = TRY(decode_kept(account, row));
      tell(letter.record.body.id, account, "deleted, " + place(letter.mailbox.value, letter.record.uid.value));
      return {};
    }
    default:
      return {};
  }
}

Task<Result<VerifyCounts>> Verify::run(Deadline deadline) {
  // How many passes it takes to count who names each body.
  std::size_t bodies = 0;
  const auto at = store_.snapshot();
  store::RowWalk count(at, store::KeyWriter(store::kSystemAccount, Space::body).range(),
                       [](const Bytes&, const Error&) {});
  for (std::vector<Row> some = CO_TRY(co_await count.next(deadline)); !some.empty();
       some = CO_TRY(co_await count.next(deadline)))
    bodies += some.size();
  const std::size_t passes = bodies / kBodiesAtOnce + 1;
  for (std::size_t pass = 0; pass < passes; ++pass) CO_TRY(co_await rows(at, pass, passes, deadline));
  if (options_.letters) CO_TRY(co_await letters(deadline));
  if (!damaged_.empty()) CO_TRY(co_await owners(deadline));
  co_return counts_;
}

}  // namespace chappe::post
