#include "post/care/care.h"

#include <algorithm>

#include "post/directory/holds.h"
#include "post/mailbox/account_txn.h"
#include "post/mailbox/records.h"
#include "post/mailbox/summary.h"

namespace chappe::post {

using namespace records;  // NOLINT

namespace {

const Event kReaped("care.reaped", Level::info, {"letters", "octets"},
                    "Deleted letters whose time is over (limits.deleted_mail) were let go for good.");
const Event kReapedEarly("care.reaped_early", Level::warning, {"letters"},
                         "The disk is below its reserve: deleted letters were let go before their time was over.");
const Event kReapFailed("care.reap_failed", Level::warning, {"error"},
                        "Deleted letters whose time is over could not be let go. It is tried again.");

constexpr std::size_t kPageRows = 500;
constexpr Duration kRound = std::chrono::hours(1);

// Which letters a Change takes, by value.
struct Selection {
  KeptQuery query;
  std::optional<MailboxId> mailbox;  // that has the name of the query now

  bool matches(const KeptLetter& letter) const {
    if (query.mailbox.empty()) return true;
    return letter.name == query.mailbox || letter.mailbox == mailbox;
  }
};

store::Range range_of(AccountId account, const KeptQuery& query, const Bytes& after) {
  store::Range range = kept_since(account, query.since);
  if (!after.empty()) range.begin = std::max(range.begin, after + '\0');
  return range;
}

// Where `letter` goes. Nothing: it is not known any more, and INBOX will do.
Result<MailboxId> target_of(AccountTxn& account, const KeptLetter& letter, const std::string& into, bool own) {
  if (into.empty() && own)
    if (const auto there = account.mailbox(letter.mailbox)) return there->id;
  const std::string& name = !into.empty() ? into : letter.name.empty() ? std::string("INBOX") : letter.name;
  if (const auto id = TRY(account.by_name(name))) return *id;
  const MailboxId made = TRY(account.create(name, SpecialUse::none)).id;
  TRY(account.subscribe(made, true));
  return made;
}

// As many of the keywords as the mailbox has room for.
Result<KeywordBits> keywords_in(AccountTxn& account, MailboxId mailbox, const std::vector<std::string>& keywords) {
  auto all = account.keyword_bits(mailbox, keywords, true);
  if (all || all.error().code() != Errc::too_large) return all;
  return account.keyword_bits(mailbox, keywords, false);
}

struct Undeleting {
  AccountId from, to;
  Selection selection;
  std::string into;
  Bytes after;
  Time now;
  Mailboxes* mailboxes;

  Result<Undeleted> operator()(store::Txn& txn) {
    AccountTxn account = TRY(AccountTxn::open(txn, to, now, mailboxes->history()));
    Undeleted out;
    store::Range range = range_of(from, selection.query, after);
    const store::Page page = TRY(txn.scan(range, {.rows = Care::kPortion}));
    bool full = false;
    for (const store::Row& row : page.rows) {
      const KeptLetter letter = TRY(decode_kept(from, row));
      if (selection.matches(letter)) {
        const auto fits = account.check_quota(letter.record.body.size);
        full = !fits;
        if (full && out.letters == 0) return std::unexpected(fits.error());
        if (full) break;
        TRY(bring_back(account, letter));
        txn.remove(row.key);
        ++out.letters;
        out.size += letter.record.body.size;
      }
      out.next = row.key;
    }
    if (!full && !page.more) out.next.reset();
    TRY(settle_keeper(txn, from));
    for (const MailboxId id : TRY(account.finish()))
      txn.on_durable([m = mailboxes, owner = to, id] { m->hint(owner, id); });
    return out;
  }

 private:
  Result<void> bring_back(AccountTxn& account, const KeptLetter& letter) {
    const MailboxId mailbox = TRY(target_of(account, letter, into, from == to));
    Flags flags = letter.flags;
    flags.clear(Flag::deleted);
    const KeywordBits keywords = TRY(keywords_in(account, mailbox, letter.keywords));
    TRY(account.add(mailbox, letter.record, flags, keywords));
    return {};
  }
};

// The mailbox that has the name now, if there is one.
Task<Result<Selection>> select(Mailboxes* mailboxes, AccountId account, KeptQuery query, Deadline deadline) {
  Selection out;
  if (!query.mailbox.empty()) {
    query.mailbox = CO_TRY(canonical_mailbox_name(query.mailbox));
    const auto now = co_await mailboxes->find(account, query.mailbox, deadline);
    if (now) out.mailbox = now->id;
    if (!now && now.error().code() != Errc::not_found) co_return std::unexpected(now.error());
  }
  out.query = std::move(query);
  co_return out;
}

}  // namespace

Task<Result<KeptPage>> Care::kept(AccountId account, KeptQuery query, Bytes after, std::size_t limit,
                                  Deadline deadline) {
  const Selection selection = CO_TRY(co_await select(&mailboxes_, account, std::move(query), deadline));
  KeptPage out;
  store::Range range = range_of(account, selection.query, after);
  for (std::size_t scanned = 0; out.letters.size() < limit && scanned < kScanned;) {
    const store::Page page = CO_TRY(co_await store_.scan(range, {.rows = kPageRows}, deadline));
    for (const store::Row& row : page.rows) {
      out.next = row.key;
      KeptLetter letter = CO_TRY(decode_kept(account, row));
      if (selection.matches(letter)) out.letters.push_back(std::move(letter));
      if (out.letters.size() == limit) co_return out;
    }
    scanned += page.rows.size();
    if (!page.more) {
      out.next.reset();
      break;
    }
    range = store::after(std::move(range), page);
  }
  co_return out;
}

Task<Result<Undeleted>> Care::undelete(AccountId from, AccountId to, KeptQuery query, std::string into, Bytes after,
                                       Deadline deadline) {
  Undeleting change{.from = from,
                    .to = to,
                    .selection = CO_TRY(co_await select(&mailboxes_, from, std::move(query), deadline)),
                    .into = {},
                    .after = std::move(after),
                    .now = clock_.now(),
                    .mailboxes = &mailboxes_};
  if (!into.empty()) change.into = CO_TRY(canonical_mailbox_name(into));
  co_return co_await commit_.submit<Undeleted>(std::move(change), deadline);
}

// True: there is more to be let go.
Task<Result<bool>> Care::reap_portion(AccountId account, LetGo* sum, Deadline deadline) {
  struct Portion {
    LetGo reaped;
    bool more = false;
  };
  const bool full = !store_.room(0);
  const Duration keep = mailboxes_.history().deleted;
  const auto change = [account, full, keep, now = clock_.now()](store::Txn& txn) -> Result<Portion> {
    txn.use_reserve();
    Portion out;
    // Looked up here and not before: a hold counts from the moment that it is acknowledged.
    if (TRY(held(txn, account))) return out;
    const store::Page page = TRY(txn.scan(kept_range(account), {.rows = kPortion}));
    out.more = page.more;
    for (const store::Row& row : page.rows) {
      const KeptLetter letter = TRY(decode_kept(account, row));
      const bool over = letter.when + keep <= now;
      if (!over && !full) {
        out.more = false;
        break;
      }
      TRY(release_body(txn, letter.record.body.id));
      txn.remove(row.key);
      ++out.reaped.letters;
      out.reaped.size += letter.record.body.size;
      if (!over) ++out.reaped.early;
    }
    TRY(settle_keeper(txn, account));
    return out;
  };
  const Portion p = CO_TRY(co_await commit_.submit<Portion>(change, deadline));
  sum->letters += p.reaped.letters;
  sum->size += p.reaped.size;
  sum->early += p.reaped.early;
  co_return p.more;
}

Task<Result<LetGo>> Care::reap(Deadline deadline) {
  LetGo sum;
  const auto rows = CO_TRY(co_await store::scan_all(&store_, keeper_range(), deadline));
  for (const store::Row& row : rows) {
    const AccountId account = CO_TRY(keeper_of(row.key));
    for (bool more = true; more;) {
      more = CO_TRY(co_await reap_portion(account, &sum, deadline));
      CO_TRY(co_await net::sleep(deadline.at_most(kPause)));
      if (deadline.passed()) co_return fail(Errc::timeout, "there is more to be let go than this time allows");
    }
  }
  co_return sum;
}

Task<void> Care::run(Care* care, Log* log, net::Cancel* cancel) {
  while (!cancel->cancelled()) {
    const auto reaped = co_await care->reap(Deadline::in(kRound, cancel));
    if (reaped && reaped->letters > 0) log->event(kReaped, reaped->letters, reaped->size);
    if (reaped && reaped->early > 0) log->event(kReapedEarly, reaped->early);
    if (!reaped && reaped.error().code() != Errc::cancelled) log->event(kReapFailed, reaped.error());
    (void)co_await net::sleep(Deadline::in(kEvery, cancel));
  }
}

}  // namespace chappe::post
