#include "post/mailbox/account_txn.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace chappe::post {

using namespace records;  // NOLINT

namespace {

struct First {
  const char* name;
  SpecialUse use;
};
constexpr First kFirst[] = {{"INBOX", SpecialUse::none},  {"Drafts", SpecialUse::drafts},
                            {"Sent", SpecialUse::sent},   {"Junk", SpecialUse::junk},
                            {"Trash", SpecialUse::trash}, {"Archive", SpecialUse::archive}};

constexpr char kReapVersion = 1;

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

Result<AccountTxn> AccountTxn::open(store::Txn& txn, AccountId account, Time now) {
  if (!account) return fail(Errc::bug, "account 0 has no mailboxes");
  AccountTxn self(txn, account, now);
  if (const auto row = TRY(txn.get(account_key(account))))
    self.row_ = TRY(decode_account(row->view()));
  else
    TRY(self.provision());
  return self;
}

Result<void> AccountTxn::provision() {
  for (const First& f : kFirst) {
    const MailboxInfo made = TRY(create_one(f.name, f.use));
    mailboxes_[made.id.value].info.subscribed = true;
  }
  return {};
}

void AccountTxn::touch(Mailbox& m) {
  m.dirty = true;
  m.info.highestmodseq = modseq();
  dirty_ = true;
}

void AccountTxn::set_quota(std::uint64_t limit) {
  row_.quota = limit;
  row_dirty_ = true;
}

Result<void> AccountTxn::check_quota(std::uint64_t more) const {
  if (row_.quota == 0 || (row_.size <= row_.quota && more <= row_.quota - row_.size)) return {};
  return fail(Errc::over_quota, "the account may keep {} octets", row_.quota);
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

// --- the tree

Result<MailboxInfo> AccountTxn::mailbox(MailboxId id) { return TRY(load(id))->info; }

Result<std::optional<MailboxId>> AccountTxn::by_name(std::string_view canonical) {
  const auto bytes = TRY(txn_->get(name_key(account_, canonical)));
  if (!bytes) return std::optional<MailboxId>();
  return std::optional(TRY(decode_id(bytes->view())));
}

Result<MailboxInfo> AccountTxn::create_one(std::string canonical, SpecialUse use) {
  if (row_.mailboxes >= kMaxMailboxes) return fail(Errc::too_large, "an account may have {} mailboxes", kMaxMailboxes);
  Mailbox m;
  m.info.id = {row_.next_mailbox++};
  m.info.name = std::move(canonical);
  m.info.special_use = use;
  // Ascending in time and never given twice, also when a name comes back. RFC 9051 §2.3.1.1
  const auto seconds = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(now_.us / 1'000'000, 1, std::numeric_limits<std::uint32_t>::max() - 1));
  m.info.uidvalidity = row_.last_uidvalidity = std::max(row_.last_uidvalidity + 1, seconds);
  m.touched.mailbox = m.info.id;
  m.touched.tree = true;
  m.keywords.emplace();
  ++row_.mailboxes;
  touch(m);
  txn_->put(name_key(account_, m.info.name), encode_id(m.info.id));
  const MailboxInfo info = m.info;
  mailboxes_.insert_or_assign(info.id.value, std::move(m));
  return info;
}

Result<MailboxInfo> AccountTxn::create(std::string canonical, SpecialUse use) {
  if (TRY(by_name(canonical))) return fail(Errc::exists, "there is a mailbox of this name already");
  // RFC 9051 §6.3.4: the superior levels that are needed
  for (auto at = canonical.find('/'); at != canonical.npos; at = canonical.find('/', at + 1)) {
    const std::string above = canonical.substr(0, at);
    if (!TRY(by_name(above))) TRY(create_one(above, SpecialUse::none));
  }
  return create_one(std::move(canonical), use);
}

Result<void> AccountTxn::rename(const std::string& from, const std::string& to) {
  const auto id = TRY(by_name(from));
  if (!id) return fail(Errc::not_found, "there is no such mailbox");
  if (TRY(by_name(to))) return fail(Errc::exists, "there is a mailbox of the new name already");
  if (to.starts_with(from + "/")) return fail(Errc::invalid, "a mailbox cannot move below itself");
  std::vector<std::pair<std::string, MailboxId>> moved{{from, *id}};
  for (const store::Row& row : TRY(txn_->scan_all(names_below(account_, from))))
    moved.emplace_back(TRY(name_of(account_, row.key)), TRY(decode_id(row.value.view())));
  for (const auto& [name, which] : moved) {
    const std::string fresh = TRY(canonical_mailbox_name(to + name.substr(from.size())));
    Mailbox* m = TRY(load(which));
    if (TRY(by_name(fresh))) return fail(Errc::exists, "there is a mailbox of the new name already");
    txn_->remove(name_key(account_, name));
    m->info.name = fresh;
    m->touched.tree = true;
    touch(*m);
    txn_->put(name_key(account_, fresh), encode_id(which));
  }
  for (auto at = to.find('/'); at != to.npos; at = to.find('/', at + 1)) {
    const std::string above = to.substr(0, at);
    if (!TRY(by_name(above))) TRY(create_one(above, SpecialUse::none));
  }
  return {};
}

Result<MailboxId> AccountTxn::remove(const std::string& canonical) {
  if (canonical == "INBOX") return fail(Errc::denied, "INBOX cannot be removed");
  const auto id = TRY(by_name(canonical));
  if (!id) return fail(Errc::not_found, "there is no such mailbox");
  Mailbox* m = TRY(load(*id));
  row_.messages -= std::min<std::uint64_t>(row_.messages, m->info.messages);
  row_.size -= std::min(row_.size, m->info.size);
  --row_.mailboxes;
  txn_->remove(mailbox_key(account_, *id));
  txn_->remove(name_key(account_, canonical));
  txn_->put(reap_key(account_, *id), Bytes(1, kReapVersion));
  FeedRow::Touched touched;
  touched.mailbox = *id;
  touched.tree = true;
  gone_.emplace(id->value, std::move(touched));
  mailboxes_.erase(id->value);
  dirty_ = true;
  return *id;
}

Result<void> AccountTxn::subscribe(MailboxId id, bool subscribed) {
  Mailbox* m = TRY(load(id));
  if (m->info.subscribed == subscribed) return {};
  m->info.subscribed = subscribed;
  m->touched.tree = true;
  touch(*m);
  return {};
}

Result<bool> AccountTxn::reap_portion(MailboxId id, std::size_t limit) {
  const store::Page page = TRY(txn_->scan(message_range(account_, id), {.rows = limit}));
  for (const store::Row& row : page.rows) {
    const Uid uid = TRY(message_of(account_, id, row.key));
    const MessageRecord record = TRY(decode_message(row.value.view(), uid));
    TRY(store::Bodies::release(*txn_, record.body.id));
    txn_->remove(row.key);
  }
  if (page.more) return false;
  txn_->remove(page_range(account_, id));
  txn_->remove(expunged_after(account_, id, {}));
  txn_->remove(keywords_key(account_, id));
  txn_->remove(reap_key(account_, id));
  return true;
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

Result<void> AccountTxn::expunge(MailboxId id, Uid uid, bool keep_body) {
  Page* page = nullptr;
  const MessageState s = *TRY(find(id, uid, &page));
  const MessageRecord r = TRY(record(id, uid));
  Mailbox* m = TRY(load(id));
  page->states.erase(lower_bound(page->states, uid));
  page->dirty = true;
  txn_->remove(message_key(account_, id, uid));
  if (!keep_body) TRY(store::Bodies::release(*txn_, r.body.id));
  count(*m, s.flags, r.body.size, -1);
  m->touched.expunged.add(uid);
  touch(*m);
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
  }
  if (dirty_ || row_dirty_) txn_->put(account_key(account_), encode(row_));
  return out;
}

}  // namespace chappe::post
