#include "post/mailbox/mailbox.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <variant>

#include "base/text.h"
#include "codec/utf8.h"
#include "message/letter_stream.h"
#include "post/mailbox/account_txn.h"
#include "post/mailbox/change.h"
#include "post/mailbox/hub.h"
#include "post/mailbox/records.h"

namespace chappe::post {

using namespace records;  // NOLINT

Result<std::string> canonical_mailbox_name(std::string_view name) {
  if (name.ends_with('/')) name.remove_suffix(1);  // RFC 9051 §6.3.4: only says that levels will follow
  if (name.empty()) return fail(Errc::invalid, "a mailbox needs a name");
  if (name.size() > kMaxMailboxName)
    return fail(Errc::too_large, "a mailbox's name may have {} octets", kMaxMailboxName);
  if (!codec::utf8_valid(name)) return fail(Errc::invalid, "a mailbox's name must be UTF-8");
  for (std::size_t i = 0; i < name.size(); ++i) {
    // C1 controls are C2 80 to C2 9F.
    const bool c1 = name[i] == '\xc2' && static_cast<unsigned char>(name[i + 1]) < 0xa0;
    if (is_ctl(name[i]) || c1) return fail(Errc::invalid, "a mailbox's name must not have control characters");
  }
  const auto levels = split(name, '/');
  if (levels.size() > kMaxMailboxDepth)
    return fail(Errc::too_large, "mailboxes may be {} levels deep", kMaxMailboxDepth);
  for (const std::string_view level : levels)
    if (level.empty()) return fail(Errc::invalid, "a level of a mailbox's name is empty");
  std::string out(name);
  // RFC 9051 §5.1: INBOX in any case is this one mailbox
  if (iequals(levels.front(), "INBOX")) out.replace(0, 5, "INBOX");
  return out;
}

namespace {

using Done = std::monostate;

constexpr std::size_t kListAtOnce = 500;           // mailboxes that are read before others get their turn
constexpr std::uint64_t kLookAtOnce = 256 * 1024;  // octets of a letter that is read for its structure

template <class R>
Task<Result<void>> without_value(Task<Result<R>> task) {
  CO_TRY(co_await std::move(task));
  co_return Result<void>();
}

}  // namespace

Mailboxes::Mailboxes(store::Store& store, store::Commit& commit, LetterIds& ids, Clock& clock, HistoryLimits history)
    : hub_(std::make_shared<Hub>()),
      store_(store),
      commit_(commit),
      bodies_(store),
      ids_(ids),
      clock_(clock),
      history_(history) {}
Mailboxes::~Mailboxes() = default;

void Mailboxes::hint(AccountId account, MailboxId mailbox) { hub_->hint(account, mailbox); }

void Mailboxes::follow(std::function<void(AccountId)> follower) {
  std::lock_guard lock(hub_->mutex);
  hub_->follower = std::move(follower);
}

// --- the tree

Task<Result<void>> Mailboxes::prepare(AccountId account, Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(account_key(account), deadline));
  if (row) co_return Result<void>();
  co_return co_await without_value(change<Done>(account, [](AccountTxn&) -> Result<Done> { return Done(); }, deadline));
}

Task<Result<std::vector<MailboxInfo>>> Mailboxes::list(AccountId account, Deadline deadline) {
  CO_TRY(co_await prepare(account, deadline));
  // The names are in order already; there may be many, so others get their turn.
  const auto at = store_.snapshot();
  std::unordered_map<std::uint32_t, MailboxInfo> infos;
  store::Range range = mailbox_range(account);
  for (;;) {
    const store::Page page = CO_TRY(co_await at->scan(range, {.rows = kListAtOnce}, deadline));
    for (const store::Row& row : page.rows) {
      const MailboxId id = CO_TRY(mailbox_of(account, row.key));
      infos.emplace(id.value, CO_TRY(decode_mailbox(row.value.view(), id)));
    }
    if (!page.more) break;
    range = store::after(std::move(range), page);
    co_await net::yield();
  }
  std::vector<MailboxInfo> out;
  out.reserve(infos.size());
  range = names_below(account, "");
  for (;;) {
    const store::Page page = CO_TRY(co_await at->scan(range, {.rows = kListAtOnce}, deadline));
    for (const store::Row& row : page.rows) {
      const auto info = infos.find(CO_TRY(decode_id(row.value.view())).value);
      if (info == infos.end()) co_return fail(Errc::corrupt, "a mailbox has a name and no row");
      out.push_back(std::move(info->second));
    }
    if (!page.more) co_return out;
    range = store::after(std::move(range), page);
    co_await net::yield();
  }
}

Task<Result<MailboxInfo>> Mailboxes::status(AccountId account, MailboxId mailbox, Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(mailbox_key(account, mailbox), deadline));
  if (!row) co_return fail(Errc::not_found, "there is no such mailbox");
  co_return decode_mailbox(row->view(), mailbox);
}

Task<Result<MailboxInfo>> Mailboxes::find(AccountId account, std::string name, Deadline deadline) {
  const std::string canonical = CO_TRY(canonical_mailbox_name(name));
  CO_TRY(co_await prepare(account, deadline));
  const auto row = CO_TRY(co_await store_.get(name_key(account, canonical), deadline));
  if (!row) co_return fail(Errc::not_found, "there is no such mailbox");
  const MailboxId id = CO_TRY(decode_id(row->view()));
  co_return co_await status(account, id, deadline);
}

Task<Result<MailboxInfo>> Mailboxes::create(AccountId account, std::string name, SpecialUse use, Deadline deadline) {
  std::string canonical = CO_TRY(canonical_mailbox_name(name));
  co_return co_await change<MailboxInfo>(account, [=](AccountTxn& a) { return a.create(canonical, use); }, deadline);
}

Task<Result<void>> Mailboxes::rename(AccountId account, std::string from, std::string to, Deadline deadline) {
  const std::string source = CO_TRY(canonical_mailbox_name(from));
  const std::string target = CO_TRY(canonical_mailbox_name(to));
  co_return co_await without_value(change<Done>(
      account,
      [=](AccountTxn& a) -> Result<Done> {
        a.txn().use_reserve();
        TRY(source == "INBOX" ? a.rename_inbox(target) : a.rename(source, target));
        return Done();
      },
      deadline));
}

Task<Result<void>> Mailboxes::remove(AccountId account, std::string name, Deadline deadline) {
  const std::string canonical = CO_TRY(canonical_mailbox_name(name));
  const MailboxId id = CO_TRY(co_await change<MailboxId>(
      account,
      [=](AccountTxn& a) {
        a.txn().use_reserve();
        return a.remove(canonical);
      },
      deadline));
  // The mailbox is gone. What cannot be taken away now is left for reap().
  (void)co_await reap_mailbox(account, id, deadline);
  co_return Result<void>();
}

Task<Result<void>> Mailboxes::reap_mailbox(AccountId account, MailboxId mailbox, Deadline deadline) {
  const auto portion = [=](AccountTxn& a) {
    a.txn().use_reserve();
    return a.reap_portion(mailbox, kPortion);
  };
  while (!CO_TRY(co_await change<bool>(account, portion, deadline))) continue;
  co_return Result<void>();
}

Task<Result<void>> Mailboxes::remove_account(AccountId account, Deadline deadline) {
  const auto portion = [account, hub = hub_, clock = &clock_, history = history_](store::Txn& txn) -> Result<bool> {
    txn.use_reserve();
    txn.on_durable([=] { hub->hint(account); });
    TRY(AccountTxn::remove_account(txn, account, clock->now()));
    return AccountTxn::reap_account(txn, account, clock->now(), history, kPortion);
  };
  while (!CO_TRY(co_await commit_.submit<bool>(portion, deadline))) continue;
  co_return Result<void>();
}

Task<Result<void>> Mailboxes::reap(Deadline deadline) {
  const auto rows = CO_TRY(co_await store::scan_all(&store_, reap_range(), deadline));
  AccountId removed;
  for (const store::Row& row : rows) {
    const Reaped r = CO_TRY(reap_of(row.key));
    // The row of the account comes before those of its mailboxes, which go with it.
    if (!r.mailbox) removed = r.account;
    if (!r.mailbox)
      CO_TRY(co_await remove_account(r.account, deadline));
    else if (r.account != removed)
      CO_TRY(co_await reap_mailbox(r.account, r.mailbox, deadline));
  }
  co_return Result<void>();
}

Task<Result<void>> Mailboxes::subscribe(AccountId account, std::string name, bool subscribed, Deadline deadline) {
  const std::string canonical = CO_TRY(canonical_mailbox_name(name));
  co_return co_await without_value(change<Done>(
      account,
      [=](AccountTxn& a) -> Result<Done> {
        const auto id = TRY(a.by_name(canonical));
        if (!id) return fail(Errc::not_found, "there is no such mailbox");
        TRY(a.subscribe(*id, subscribed));
        return Done();
      },
      deadline));
}

// --- reading

Task<Result<std::unique_ptr<View>>> Mailboxes::open(AccountId account, MailboxId mailbox, Deadline deadline) {
  net::Executor* const here = net::Executor::current();
  std::shared_ptr<OpenMailbox> open;
  {
    std::lock_guard lock(hub_->mutex);
    auto& slot = hub_->slots[Hub::key(account, mailbox)];
    open = slot.open.lock();
    if (open && slot.home != here) co_return fail(Errc::bug, "a mailbox was opened away from its account's executor");
    if (!open) {
      open = std::shared_ptr<OpenMailbox>(new OpenMailbox(&store_, account, mailbox), Hub::Close{hub_});
      slot = {here, open, open->stale_};
    }
  }
  CO_TRY(co_await open->refresh(deadline));
  if (open->removed()) co_return fail(Errc::not_found, "there is no such mailbox");
  co_return std::unique_ptr<View>(new View(std::move(open)));
}

Task<Result<std::optional<MessageRecord>>> Mailboxes::message(AccountId account, MailboxId mailbox, Uid uid,
                                                              Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(message_key(account, mailbox, uid), deadline));
  if (!row) co_return std::optional<MessageRecord>();
  co_return std::optional(CO_TRY(decode_message(row->view(), uid)));
}

Task<Result<std::vector<MessageRecord>>> Mailboxes::messages(AccountId account, MailboxId mailbox, Uid first, Uid last,
                                                             std::size_t limit, Deadline deadline) {
  std::vector<MessageRecord> out;
  store::Range range = message_range(account, mailbox, first, last);
  while (out.size() < limit) {
    const store::ScanLimits limits{.rows = std::min<std::size_t>(limit - out.size(), 1000)};
    const store::Page page = CO_TRY(co_await store_.scan(range, limits, deadline));
    for (const store::Row& row : page.rows) {
      const Uid uid = CO_TRY(message_of(account, mailbox, row.key));
      out.push_back(CO_TRY(decode_message(row.value.view(), uid)));
    }
    if (!page.more) break;
    range = store::after(std::move(range), page);
  }
  co_return out;
}

Task<Result<ChunkList>> Mailboxes::read(store::BodyRef body, std::uint64_t offset, std::uint64_t size,
                                        Deadline deadline) {
  return bodies_.read(body, offset, size, deadline);
}

Task<Result<SharedSummary>> Mailboxes::summary(store::BodyRef body, Deadline deadline) {
  if (const auto row = CO_TRY(co_await store_.get(summary_key(body.id), deadline)))
    if (auto kept = CO_TRY(decode_summary(row->view()))) co_return std::make_shared<const Summary>(std::move(*kept));
  co_return co_await look_into(body, deadline);
}

Task<Result<SharedSummary>> Mailboxes::look_into(store::BodyRef body, Deadline deadline) {
  message::LetterStream stream;
  const std::uint64_t end = std::min<std::uint64_t>(body.size, message::Letter::kMaxSize);
  while (stream.size() < end) {
    const ChunkList some = CO_TRY(co_await read(body, stream.size(), kLookAtOnce, deadline));
    if (some.empty()) co_return fail(Errc::corrupt, "the letter is shorter than its record says");
    for (const Chunk& chunk : some.chunks()) stream.feed(chunk.view());
    co_await net::yield();
  }
  auto out = std::make_shared<Summary>();
  out->size = body.size;
  out->outline = stream.finish();
  out->all_fields = true;
  out->preview = preview_of(out->outline);
  co_return SharedSummary(std::move(out));
}

Task<Result<UidSet>> Mailboxes::expunged_since(AccountId account, MailboxId mailbox, ModSeq since, Deadline deadline) {
  const auto at = store_.snapshot();
  UidSet out;
  const auto row = CO_TRY(co_await at->get(account_key(account), deadline));
  if (row && since >= CO_TRY(decode_account(row->view())).history.forgotten) {
    const auto rows = CO_TRY(co_await store::scan_all(at, expunged_after(account, mailbox, since), deadline));
    for (const store::Row& gone : rows) {
      const UidSet some = CO_TRY(decode_uids(gone.value.view()));
      for (const UidSet::Range& r : some.ranges()) out.add(r.first, r.last);
    }
    co_return out;
  }
  const auto info = CO_TRY(co_await at->get(mailbox_key(account, mailbox), deadline));
  if (!info) co_return fail(Errc::not_found, "there is no such mailbox");
  const std::uint32_t end = CO_TRY(decode_mailbox(info->view(), mailbox)).uidnext;
  std::uint32_t next = 1;
  for (const StatePagePtr& page : CO_TRY(co_await read_pages(at, account, mailbox, deadline))) {
    page->uids()->each([&](std::uint32_t place, std::uint32_t) {
      const std::uint32_t uid = page->uid(place).value;
      if (uid > next) out.add(next, uid - 1);
      next = uid + 1;
      return true;
    });
  }
  if (end > next) out.add(next, end - 1);
  co_return out;
}

Task<Result<Feed>> read_feed(std::shared_ptr<store::Reader> at, AccountId account, ModSeq since, std::size_t limit,
                             Deadline deadline) {
  Feed out;
  const auto row = CO_TRY(co_await at->get(account_key(account), deadline));
  if (!row) co_return out;
  const AccountRow a = CO_TRY(decode_account(row->view()));
  out.modseq = a.modseq;
  out.resync = since < a.history.forgotten;
  if (out.resync) co_return out;
  store::Range range = changes_after(account, since);
  while (out.rows.size() < limit) {
    const store::ScanLimits limits{.rows = std::min<std::size_t>(limit - out.rows.size(), 1000)};
    const store::Page page = CO_TRY(co_await at->scan(range, limits, deadline));
    for (const store::Row& change : page.rows) {
      FeedRow f;
      f.modseq = CO_TRY(change_of(account, change.key));
      f.mailboxes = CO_TRY(decode_change(change.value.view()));
      out.rows.push_back(std::move(f));
    }
    if (!page.more) break;
    range = store::after(std::move(range), page);
  }
  co_return out;
}

Task<Result<Feed>> Mailboxes::feed(AccountId account, ModSeq since, std::size_t limit, Deadline deadline) {
  return read_feed(store_.snapshot(), account, since, limit, deadline);
}

Task<Result<Usage>> Mailboxes::usage(AccountId account, Deadline deadline) {
  const auto row = CO_TRY(co_await store_.get(account_key(account), deadline));
  if (!row) co_return Usage{};
  const AccountRow a = CO_TRY(decode_account(row->view()));
  co_return Usage{a.messages, a.size, a.quota.octets, a.quota.messages};
}

Task<Result<void>> Mailboxes::set_quota(AccountId account, Quota quota, Deadline deadline) {
  co_return co_await without_value(change<Done>(
      account,
      [=](AccountTxn& a) -> Result<Done> {
        a.set_quota(quota);
        return Done();
      },
      deadline));
}

}  // namespace chappe::post
