// The half of AccountTxn that makes, names and removes mailboxes, and removes the account.
#include <algorithm>
#include <limits>

#include "post/mailbox/account_txn.h"
#include "post/mailbox/summary.h"

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

// Takes messages of removed mailboxes away. What it knows of a mailbox is read once.
class Reaping {
 public:
  Reaping(store::Txn& txn, AccountId account, Time now, const HistoryLimits& history)
      : txn_(txn), account_(account), now_(now), history_(history) {}

  // A row of Space::message; what it was.
  Result<KeptLetter> take(const store::Row& row) {
    store::KeyReader key(row.key);
    TRY(key.expect(account_.value, store::Space::message));
    const MailboxId mailbox{TRY(key.u32())};
    const Uid uid{TRY(key.u32())};
    KeptLetter letter{.mailbox = mailbox, .record = TRY(decode_message(row.value.view(), uid))};
    if (!keeps_) keeps_ = TRY(keeps_deleted(txn_, account_, history_));
    if (*keeps_) TRY(describe(letter));
    TRY(let_go_of(txn_, account_, letter, *keeps_));
    txn_.remove(row.key);
    return letter;
  }

 private:
  Result<void> describe(KeptLetter& letter) {
    if (letter.mailbox != mailbox_) {
      mailbox_ = letter.mailbox;
      page_.reset();
      const auto reaped = TRY(txn_.get(reap_key(account_, mailbox_)));
      row_ = reaped ? TRY(decode_reap(reaped->view())) : ReapRow();
      const auto table = TRY(txn_.get(keywords_key(account_, mailbox_)));
      keywords_ = table ? TRY(decode_keywords(table->view())) : std::vector<std::string>();
    }
    // Of a row of version 1 it is not known since when.
    letter.when = row_.when.us != 0 ? row_.when : now_;
    letter.name = row_.name;
    const Uid uid = letter.record.uid;
    if (!page_ || *page_ != page_of(uid)) {
      page_ = page_of(uid);
      const auto page = TRY(txn_.get(page_key(account_, mailbox_, *page_)));
      states_ = page ? TRY(decode_page(page->view(), *page_)) : std::vector<MessageState>();
    }
    for (const MessageState& s : states_) {
      if (s.uid != uid) continue;
      letter.flags = s.flags;
      for (std::size_t k = 0; k < keywords_.size(); ++k)
        if (s.keywords.has(k)) letter.keywords.push_back(keywords_[k]);
    }
    return {};
  }

  store::Txn& txn_;
  const AccountId account_;
  const Time now_;
  const HistoryLimits history_;
  std::optional<bool> keeps_;
  MailboxId mailbox_;
  ReapRow row_;
  std::vector<std::string> keywords_;
  std::optional<std::uint32_t> page_;
  std::vector<MessageState> states_;
};

}  // namespace

Result<void> AccountTxn::provision() {
  for (const First& f : kFirst) {
    const MailboxInfo made = TRY(create_one(f.name, f.use));
    mailboxes_[made.id.value].info.subscribed = true;
  }
  return {};
}

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

Result<void> AccountTxn::rename_inbox(const std::string& to) {
  const auto inbox = TRY(by_name("INBOX"));
  if (!inbox) return fail(Errc::corrupt, "an account has no INBOX");
  const MailboxInfo made = TRY(create(to, SpecialUse::none));
  for (const MessageState& s : TRY(states(*inbox, UidSet::all()))) {
    TRY(copy(*inbox, s, made.id, true));
    TRY(expunge(*inbox, s.uid, true));
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
  txn_->put(reap_key(account_, *id), encode(ReapRow{.when = now_, .name = canonical}));
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
  Reaping reaping(*txn_, account_, now_, limits_);
  for (const store::Row& row : page.rows) {
    const KeptLetter letter = TRY(reaping.take(row));
    FeedRow::Touched& gone = gone_[id.value];
    gone.mailbox = id;
    gone.expunged.add(letter.record.uid);
    gone.gone.push_back(letter.record.email);
    dirty_ = true;
  }
  if (page.more) return false;
  txn_->remove(page_range(account_, id));
  txn_->remove(expunged_after(account_, id, {}));
  txn_->remove(keywords_key(account_, id));
  txn_->remove(reap_key(account_, id));
  return true;
}

// --- the account

Result<void> AccountTxn::remove_account(store::Txn& txn, AccountId account, Time now) {
  AccountRow row;
  if (const auto bytes = TRY(txn.get(account_key(account)))) row = TRY(decode_account(bytes->view()));
  if (row.removed) return {};
  row.removed = true;
  row.mailboxes = 0;
  row.messages = row.size = 0;
  row.quota = {};
  txn.put(account_key(account), encode(row));
  for (const store::Row& one : TRY(txn.scan_all(mailbox_range(account)))) {
    const MailboxId id = TRY(mailbox_of(account, one.key));
    const MailboxInfo info = TRY(decode_mailbox(one.value.view(), id));
    txn.put(reap_key(account, info.id), encode(ReapRow{.when = now, .name = info.name}));
  }
  txn.remove(mailbox_range(account));
  txn.remove(names_below(account, ""));
  txn.put(reap_key(account, {}), encode(ReapRow{.when = now, .name = {}}));
  return {};
}

Result<bool> AccountTxn::reap_account(store::Txn& txn, AccountId account, Time now, const HistoryLimits& history,
                                      std::size_t limit) {
  const store::Page page = TRY(txn.scan(messages_of(account), {.rows = limit}));
  Reaping reaping(txn, account, now, history);
  for (const store::Row& row : page.rows) TRY(reaping.take(row));
  if (page.more) return false;
  const store::Range all = all_but_row_of(account);
  const store::Range kept = kept_range(account);
  txn.remove(store::Range{all.begin, kept.begin});
  txn.remove(store::Range{kept.end, all.end});
  txn.remove(reap_range(account));
  TRY(settle_keeper(txn, account));
  return true;
}

}  // namespace chappe::post
