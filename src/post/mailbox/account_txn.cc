#include "post/mailbox/account_txn.h"
#include "post/mailbox/summary.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace chappe::post {

using namespace records;  // NOLINT

namespace {

// Changes that are forgotten in one go.
constexpr std::uint64_t kForgetAtOnce = 256;

bool is_keyword(std::string_view k) {
  if (k.empty()) return false;
  // atom-specials of RFC 9051 §9, and what is not ASCII
  return std::none_of(k.begin(), k.end(), [](char c) {
    return is_ctl(c) || is_8bit(c) || std::string_view("(){ %*\"\\]").find(c) != std::string_view::npos;
  });
}

auto lower_bound(std::vector<MessageState>& states, Uid uid) {
  return std::lower_bound(states.begin(), states.end(), uid, [](const MessageState& s, Uid u) { return s.uid < u; });
}

}  // namespace

Result<AccountTxn> AccountTxn::open(store::Txn& txn, AccountId account, Time now, const HistoryLimits& history) {
  if (!account) return fail(Errc::bug, "account 0 has no mailboxes");
  AccountTxn self(txn, account, now, history);
  if (const auto row = TRY(txn.get(account_key(account))))
    self.row_ = TRY(decode_account(row->view()));
  else
    TRY(self.provision());
  if (self.row_.removed) return fail(Errc::not_found, "the account has been removed");
  return self;
}

void AccountTxn::touch(Mailbox& m) {
  m.dirty = true;
  m.info.highestmodseq = modseq();
  dirty_ = true;
}

void AccountTxn::set_quota(Quota quota) {
  row_.quota = quota;
  row_dirty_ = true;
}

Result<void> AccountTxn::check_quota(std::uint64_t octets) const {
  const Quota& q = row_.quota;
  if (q.octets != 0 && (row_.size > q.octets || octets > q.octets - row_.size))
    return fail(Errc::over_quota, "the account may keep {} octets", q.octets);
  if (q.messages != 0 && row_.messages >= q.messages)
    return fail(Errc::over_quota, "the account may keep {} messages", q.messages);
  return {};
}

// --- loading

Result<AccountTxn::Mailbox*> AccountTxn::load(MailboxId id) {
  const auto known = mailboxes_.find(id.value);
  if (known != mailboxes_.end()) return &known->second;
  const auto bytes = TRY(txn_->get(mailbox_key(account_, id)));
  if (!bytes) return fail(Errc::not_found, "there is no such mailbox");
  Mailbox m;
  m.info = TRY(decode_mailbox(bytes->view(), id));
  m.touched.mailbox = id;
  return &mailboxes_.emplace(id.value, std::move(m)).first->second;
}

Result<std::vector<std::string>*> AccountTxn::load_keywords(MailboxId id) {
  Mailbox* m = TRY(load(id));
  if (!m->keywords) {
    const auto bytes = TRY(txn_->get(keywords_key(account_, id)));
    m->keywords = bytes ? TRY(decode_keywords(bytes->view())) : std::vector<std::string>();
  }
  return &*m->keywords;
}

Result<AccountTxn::Page*> AccountTxn::load_page(MailboxId id, std::uint32_t page) {
  const auto known = pages_.find({id.value, page});
  if (known != pages_.end()) return &known->second;
  Page p;
  if (const auto bytes = TRY(txn_->get(page_key(account_, id, page)))) p.states = TRY(decode_page(bytes->view(), page));
  return &pages_.emplace(std::pair(id.value, page), std::move(p)).first->second;
}

Result<void> AccountTxn::load_pages(MailboxId id, const UidSet& uids, Uid from) {
  std::uint64_t next = 0;  // pages below are loaded
  const std::uint64_t end = std::uint64_t{page_of(Uid{TRY(load(id))->info.uidnext})} + 1;
  for (const UidSet::Range& r : uids.ranges()) {
    if (r.last < from.value) continue;
    const std::uint64_t first = std::max<std::uint64_t>(next, page_of(Uid{std::max(r.first, from.value)}));
    const std::uint64_t last = std::min<std::uint64_t>(page_of(Uid{r.last}), end);
    if (first > last) continue;
    next = last + 1;
    const auto range = page_range(account_, id, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last));
    for (const store::Row& row : TRY(txn_->scan_all(range))) {
      const std::uint32_t number = TRY(page_of(account_, id, row.key));
      if (pages_.contains({id.value, number})) continue;
      Page p;
      p.states = TRY(decode_page(row.value.view(), number));
      pages_.emplace(std::pair(id.value, number), std::move(p));
    }
  }
  return {};
}

Result<MessageState*> AccountTxn::find(MailboxId id, Uid uid, Page** page) {
  *page = TRY(load_page(id, page_of(uid)));
  const auto at = lower_bound((*page)->states, uid);
  if (at == (*page)->states.end() || at->uid != uid) return fail(Errc::not_found, "there is no such message");
  return &*at;
}

// --- messages

void AccountTxn::count(Mailbox& m, Flags flags, std::uint64_t size, int sign) {
  const auto n = static_cast<std::uint32_t>(sign);  // wraps: -1
  m.info.messages += n;
  if (!flags.has(Flag::seen)) m.info.unseen += n;
  if (flags.has(Flag::deleted)) m.info.deleted += n;
  m.info.size += sign > 0 ? size : std::uint64_t{0} - size;
  row_.messages += sign > 0 ? 1 : ~std::uint64_t{0};
  row_.size += sign > 0 ? size : std::uint64_t{0} - size;
}

Result<Uid> AccountTxn::add(MailboxId id, MessageRecord record, Flags flags, const KeywordBits& keywords) {
  Mailbox* m = TRY(load(id));
  if (m->info.uidnext == std::numeric_limits<std::uint32_t>::max())
    return fail(Errc::too_large, "the mailbox has given all its UIDs");
  const Uid uid{m->info.uidnext++};
  Page* page = TRY(load_page(id, page_of(uid)));
  page->states.push_back({uid, flags, modseq(), keywords});
  page->dirty = true;
  record.uid = uid;
  record.saved = now_;
  txn_->put(message_key(account_, id, uid), encode(record));
  count(*m, flags, record.body.size, 1);
  m->touched.added.add(uid);
  touch(*m);
  return uid;
}

Result<KeywordBits> AccountTxn::keyword_bits(MailboxId id, const std::vector<std::string>& keywords, bool make) {
  KeywordBits bits;
  if (keywords.empty()) return bits;
  std::vector<std::string>* table = TRY(load_keywords(id));
  for (const std::string& k : keywords) {
    if (!is_keyword(k)) return fail(Errc::invalid, "a keyword must be an atom");
    if (k.size() > kMaxKeywordSize) return fail(Errc::too_large, "a keyword may have {} octets", kMaxKeywordSize);
    auto at = std::find_if(table->begin(), table->end(), [&](const std::string& t) { return iequals(t, k); });
    if (at == table->end()) {
      if (!make) continue;
      if (table->size() == kMaxKeywords)
        return fail(Errc::too_large, "a mailbox may have {} different keywords", kMaxKeywords);
      table->push_back(k);
      at = table->end() - 1;
      Mailbox* m = TRY(load(id));
      m->keywords_dirty = true;
      touch(*m);
    }
    bits.set(static_cast<std::size_t>(at - table->begin()));
  }
  return bits;
}

Result<std::vector<std::string>> AccountTxn::keyword_names(MailboxId id, const KeywordBits& bits) {
  std::vector<std::string> out;
  if (!bits.any()) return out;
  const std::vector<std::string>* table = TRY(load_keywords(id));
  for (std::size_t k = 0; k < table->size(); ++k)
    if (bits.has(k)) out.push_back((*table)[k]);
  return out;
}

Result<std::vector<MessageState>> AccountTxn::states(MailboxId id, const UidSet& uids, Uid from, std::size_t limit) {
  TRY(load_pages(id, uids, from));
  std::vector<MessageState> out;
  auto range = uids.ranges().begin();
  for (auto p = pages_.lower_bound({id.value, page_of(from)}); p != pages_.end() && p->first.first == id.value; ++p) {
    for (const MessageState& s : p->second.states) {
      if (s.uid < from) continue;
      while (range != uids.ranges().end() && range->last < s.uid.value) ++range;
      if (range == uids.ranges().end() || out.size() == limit) return out;
      if (range->first <= s.uid.value) out.push_back(s);
    }
  }
  return out;
}

Result<MessageState> AccountTxn::set_flags(MailboxId id, Uid uid, Flags flags, const KeywordBits& keywords) {
  Page* page = nullptr;
  MessageState* s = TRY(find(id, uid, &page));
  if (s->flags == flags && s->keywords == keywords) return *s;
  Mailbox* m = TRY(load(id));
  m->info.unseen += static_cast<std::uint32_t>(s->flags.has(Flag::seen) - flags.has(Flag::seen));
  m->info.deleted += static_cast<std::uint32_t>(flags.has(Flag::deleted) - s->flags.has(Flag::deleted));
  s->flags = flags;
  s->keywords = keywords;
  s->modseq = modseq();
  page->dirty = true;
  m->touched.flags.add(uid);
  touch(*m);
  return *s;
}

Result<MessageRecord> AccountTxn::record(MailboxId id, Uid uid) {
  const auto bytes = TRY(txn_->get(message_key(account_, id, uid)));
  if (!bytes) return fail(Errc::corrupt, "a message has flags and no record");
  return decode_message(bytes->view(), uid);
}

Result<void> AccountTxn::let_go(KeptLetter letter) {
  if (!keeps_) keeps_ = TRY(keeps_deleted(*txn_, account_, limits_));
  return let_go_of(*txn_, account_, letter, *keeps_);
}

Result<void> AccountTxn::expunge(MailboxId id, Uid uid, bool moves) {
  Page* page = nullptr;
  const MessageState s = *TRY(find(id, uid, &page));
  const MessageRecord r = TRY(record(id, uid));
  Mailbox* m = TRY(load(id));
  page->states.erase(lower_bound(page->states, uid));
  page->dirty = true;
  txn_->remove(message_key(account_, id, uid));
  if (!moves) {
    const auto keywords = TRY(keyword_names(id, s.keywords));
    TRY(let_go(
        {.when = now_, .mailbox = id, .name = m->info.name, .record = r, .flags = s.flags, .keywords = keywords}));
  }
  count(*m, s.flags, r.body.size, -1);
  m->touched.expunged.add(uid);
  m->touched.gone.push_back(r.email);
  touch(*m);
  return {};
}

Result<Uid> AccountTxn::copy(MailboxId from, const MessageState& state, MailboxId to, bool moves) {
  const MessageRecord source = TRY(record(from, state.uid));
  if (!moves) TRY(store::Bodies::retain(*txn_, source.body.id));
  KeywordBits keywords = state.keywords;
  if (from != to && state.keywords.any()) {
    const auto names = TRY(keyword_names(from, state.keywords));
    keywords = TRY(keyword_bits(to, names, true));
  }
  return add(to, source, state.flags, keywords);
}

// Keeps the feed, and what it says of expunged messages, within its limits (docs/formats/mailboxes.md).
Result<void> AccountTxn::forget() {
  History& h = row_.history;
  if (now_ - h.marked >= limits_.age) {
    h.old = h.mark;
    h.mark = row_.modseq;
    h.marked = now_;
  }
  const std::uint64_t beyond = row_.modseq.value - std::min(row_.modseq.value, limits_.changes);
  if (std::max(h.old.value, beyond) < h.forgotten.value + kForgetAtOnce) return {};
  const ModSeq last{h.forgotten.value + kForgetAtOnce};
  for (const store::Row& row : TRY(txn_->scan_all(changes_between(account_, h.forgotten, last)))) {
    const ModSeq when = TRY(change_of(account_, row.key));
    for (const FeedRow::Touched& t : TRY(decode_change(row.value.view())))
      if (!t.expunged.empty()) txn_->remove(expunged_key(account_, t.mailbox, when));
    txn_->remove(row.key);
  }
  h.forgotten = last;
  return {};
}

Result<std::vector<MailboxId>> AccountTxn::finish() {
  std::vector<MailboxId> out;
  if (dirty_) {
    const ModSeq mine = modseq();
    row_.modseq = mine;
    std::vector<FeedRow::Touched> touched;
    for (auto& [id, m] : mailboxes_) {
      if (m.keywords_dirty) txn_->put(keywords_key(account_, m.info.id), encode_keywords(*m.keywords));
      if (!m.dirty) continue;
      txn_->put(mailbox_key(account_, m.info.id), encode(m.info));
      if (!m.touched.expunged.empty())
        txn_->put(expunged_key(account_, m.info.id, mine), encode_uids(m.touched.expunged));
      out.push_back(m.info.id);
      touched.push_back(std::move(m.touched));
    }
    for (auto& [id, t] : gone_) {
      out.push_back(t.mailbox);
      touched.push_back(std::move(t));
    }
    for (const auto& [key, page] : pages_) {
      if (!page.dirty) continue;
      const Bytes where = page_key(account_, {key.first}, key.second);
      if (page.states.empty())
        txn_->remove(where);
      else
        txn_->put(where, encode_page(page.states));
    }
    txn_->put(change_key(account_, mine), encode_change(touched));
    TRY(forget());
  }
  if (dirty_ || row_dirty_) txn_->put(account_key(account_), encode(row_));
  return out;
}

}  // namespace chappe::post
