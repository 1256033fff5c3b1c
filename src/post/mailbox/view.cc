#include "post/mailbox/view.h"

#include <algorithm>
#include <set>

#include "post/mailbox/hub.h"
#include "post/mailbox/records.h"

namespace chappe::post {

using namespace records;  // NOLINT

namespace {

// Rows of one page of a scan: what is decoded before others get their turn.
constexpr std::size_t kRowsAtOnce = 64;

// A gap in the feed this long is read as a whole new state instead.
constexpr std::size_t kMaxCatchUp = 10'000;

struct Common {
  MailboxInfo info;
  std::vector<std::string> keywords;
  ModSeq modseq;
};

net::Task<Result<AccountRow>> read_account(std::shared_ptr<store::Reader> at, AccountId account,
                                           net::Deadline deadline) {
  const auto row = CO_TRY(co_await at->get(account_key(account), deadline));
  if (!row) co_return AccountRow();
  co_return decode_account(row->view());
}

// Errors: not_found.
net::Task<Result<Common>> read_common(std::shared_ptr<store::Reader> at, AccountId account, MailboxId id,
                                      net::Deadline deadline) {
  Common out;
  out.modseq = CO_TRY(co_await read_account(at, account, deadline)).modseq;
  const auto row = CO_TRY(co_await at->get(mailbox_key(account, id), deadline));
  if (!row) co_return fail(Errc::not_found, "there is no such mailbox");
  out.info = CO_TRY(decode_mailbox(row->view(), id));
  const auto keywords = CO_TRY(co_await at->get(keywords_key(account, id), deadline));
  if (keywords) out.keywords = CO_TRY(decode_keywords(keywords->view()));
  co_return out;
}

}  // namespace

net::Task<Result<std::vector<StatePagePtr>>> read_pages(std::shared_ptr<store::Reader> at, AccountId account,
                                                        MailboxId mailbox, net::Deadline deadline) {
  std::vector<StatePagePtr> out;
  store::Range range = page_range(account, mailbox);
  const store::ScanLimits limits{.rows = kRowsAtOnce};
  for (;;) {
    const store::Page page = CO_TRY(co_await at->scan(range, limits, deadline));
    for (const store::Row& row : page.rows) {
      const std::uint32_t number = CO_TRY(page_of(account, mailbox, row.key));
      out.push_back(std::make_shared<const StatePage>(CO_TRY(StatePage::decode(row.value.view(), number))));
    }
    if (!page.more) co_return out;
    range = store::after(std::move(range), page);
    co_await net::yield();
  }
}

void Mailboxes::Hub::hint(AccountId account, MailboxId mailbox) {
  std::lock_guard lock(mutex);
  const auto i = slots.find(key(account, mailbox));
  if (i != slots.end()) hint(i->second);
  if (follower) follower(account);
}

void Mailboxes::Hub::hint(AccountId account) {
  std::lock_guard lock(mutex);
  const auto end = slots.upper_bound(key(account, {~std::uint32_t{0}}));
  for (auto i = slots.lower_bound(key(account, {})); i != end; ++i) hint(i->second);
  if (follower) follower(account);
}

void Mailboxes::Hub::hint(Slot& slot) {
  slot.stale->store(true);
  // Only a weak pointer travels: the mailbox must die at home.
  slot.home->post([open = slot.open] {
    if (const auto m = open.lock()) m->hint();
  });
}

void Mailboxes::Hub::Close::operator()(OpenMailbox* open) const {
  const std::uint64_t which = key(open->account(), open->id());
  delete open;
  std::lock_guard lock(hub->mutex);
  const auto i = hub->slots.find(which);
  if (i != hub->slots.end() && i->second.open.expired()) hub->slots.erase(i);
}

// --- OpenMailbox

std::optional<MessageState> OpenMailbox::find(Uid uid) const {
  const auto page = page_from(page_of(uid));
  const std::uint32_t place = uid.value % kPageUids;
  if (page == pages_.end() || (*page)->number() != page_of(uid) || !(*page)->uids()->has(place)) return std::nullopt;
  return (*page)->state(place, (*page)->uids()->rank(place));
}

std::vector<std::string> OpenMailbox::keyword_names(const KeywordBits& bits) const {
  std::vector<std::string> out;
  for (std::size_t k = 0; k < keywords_.size(); ++k)
    if (bits.has(k)) out.push_back(keywords_[k]);
  return out;
}

void OpenMailbox::hint() {
  for (View* view : views_) view->changed_.set();
}

net::Task<Result<void>> OpenMailbox::refresh(net::Deadline deadline) {
  while (refreshing_) CO_TRY(co_await refreshed_.wait(deadline));
  if (!*stale_ || removed_) co_return Result<void>();
  refreshing_ = true;
  refreshed_.reset();
  stale_->store(false);  // a hint that comes from now on is for the next one
  const Result<void> r = loaded_ ? co_await catch_up(deadline) : co_await load(deadline);
  if (!r) stale_->store(true);
  refreshing_ = false;
  refreshed_.set();
  co_return r;
}

net::Task<Result<void>> OpenMailbox::load(net::Deadline deadline) {
  const auto at = store_->snapshot();
  Common common = CO_TRY(co_await read_common(at, account_, id_, deadline));
  std::vector<StatePagePtr> pages = CO_TRY(co_await read_pages(at, account_, id_, deadline));
  info_ = std::move(common.info);
  keywords_ = std::move(common.keywords);
  modseq_ = common.modseq;
  pages_ = std::move(pages);
  loaded_ = true;
  co_return Result<void>();
}

// All of it, in place of catching up.
net::Task<Result<void>> OpenMailbox::reload(net::Deadline deadline) {
  Result<void> loaded = co_await load(deadline);
  if (loaded || loaded.error().code() != Errc::not_found) co_return loaded;
  removed_ = true;
  co_return Result<void>();
}

net::Task<Result<void>> OpenMailbox::catch_up(net::Deadline deadline) {
  const auto at = store_->snapshot();
  const AccountRow row = CO_TRY(co_await read_account(at, account_, deadline));
  if (row.removed) {
    removed_ = true;
    co_return Result<void>();
  }
  if (modseq_ < row.history.forgotten) co_return co_await reload(deadline);
  std::set<std::uint32_t> pages;
  bool touched = false;
  std::size_t rows = 0;
  store::Range range = changes_after(account_, modseq_);
  for (;;) {
    const store::Page page = CO_TRY(co_await at->scan(range, store::ScanLimits{}, deadline));
    for (const store::Row& change : page.rows) {
      for (const FeedRow::Touched& t : CO_TRY(decode_change(change.value.view()))) {
        if (t.mailbox != id_) continue;
        touched = true;
        for (const UidSet* set : {&t.added, &t.flags, &t.expunged})
          for (const UidSet::Range& r : set->ranges())
            for (std::uint32_t p = page_of(Uid{r.first}); p <= page_of(Uid{r.last}); ++p) pages.insert(p);
      }
    }
    rows += page.rows.size();
    if (!page.more) break;
    if (rows > kMaxCatchUp) co_return co_await reload(deadline);
    range = store::after(std::move(range), page);
    co_await net::yield();
  }
  if (!touched) {
    modseq_ = row.modseq;
    co_return Result<void>();
  }
  auto common = co_await read_common(at, account_, id_, deadline);
  if (!common && common.error().code() == Errc::not_found) {
    removed_ = true;
    co_return Result<void>();
  }
  if (!common) co_return std::unexpected(common.error());

  std::vector<StatePagePtr> merged;
  merged.reserve(pages_.size() + pages.size());
  auto old = pages_.begin();
  std::size_t read = 0;
  for (const std::uint32_t number : pages) {
    if (++read % kRowsAtOnce == 0) co_await net::yield();
    for (; old != pages_.end() && (*old)->number() < number; ++old) merged.push_back(*old);
    const bool replaced = old != pages_.end() && (*old)->number() == number;
    if (const auto bytes = CO_TRY(co_await at->get(page_key(account_, id_, number), deadline))) {
      StatePage page = CO_TRY(StatePage::decode(bytes->view(), number));
      if (replaced) page.share_uids(**old);
      merged.push_back(std::make_shared<const StatePage>(std::move(page)));
    }
    if (replaced) ++old;
  }
  merged.insert(merged.end(), old, pages_.end());

  // From here on nothing waits: sessions never see half of it.
  pages_ = std::move(merged);
  info_ = std::move(common->info);
  keywords_ = std::move(common->keywords);
  modseq_ = common->modseq;
  co_return Result<void>();
}

// --- View

View::View(std::shared_ptr<OpenMailbox> open) : open_(std::move(open)) {
  open_->views_.push_back(this);
  for (const StatePagePtr& p : open_->pages_) numbers_.append(p->number(), p->uids(), p->size());
  told_ = open_->modseq_;
  keywords_ = open_->keywords_.size();
}

View::~View() { std::erase(open_->views_, this); }

net::Task<Result<View::Update>> View::update(Expunges expunges, net::Deadline deadline) {
  changed_.reset();
  {
    const Result<void> r = co_await open_->refresh(deadline);
    if (!r) {
      changed_.set();
      co_return std::unexpected(r.error());
    }
  }
  Update out;
  if (open_->removed_) {
    out.removed = !std::exchange(removed_, true);
    co_return out;
  }
  out.keywords = open_->keywords_.size() != std::exchange(keywords_, open_->keywords_.size());
  if (told_ == open_->modseq_ && !owes_expunges_) co_return out;

  // A UID above all that the view ever had; expunged ones at its end count too.
  if (size() > 0) newest_ = std::max(newest_, uid(size()));
  owes_expunges_ = false;
  Numbering next;
  next.reserve(std::max(numbers_.pages().size(), open_->pages_.size()));
  static const auto kNone = std::make_shared<const UidBits>();
  auto mine = numbers_.pages().begin();
  auto now = open_->pages_.begin();
  while (mine != numbers_.pages().end() || now != open_->pages_.end()) {
    std::uint32_t number = ~std::uint32_t{0};
    if (mine != numbers_.pages().end()) number = mine->number;
    if (now != open_->pages_.end()) number = std::min(number, (*now)->number());
    const StatePage* const page = now != open_->pages_.end() && (*now)->number() == number ? now++->get() : nullptr;
    const bool known = mine != numbers_.pages().end() && mine->number == number;
    const std::shared_ptr<const UidBits> before = known ? mine->uids : kNone;
    const std::shared_ptr<const UidBits>& after = page ? page->uids() : kNone;
    std::shared_ptr<const UidBits> uids = before;
    if (before != after) {
      // What stands between two messages of the view cannot be new: UIDs ascend.
      const std::uint32_t fresh_from = newest_.value / kPageUids > number   ? kPageUids
                                       : newest_.value / kPageUids < number ? 0
                                                                            : newest_.value % kPageUids + 1;
      const UidBits gone = before->without(*after);
      const UidBits fresh = after->from(fresh_from);
      UidBits result = *before;
      if (expunges == Expunges::announce) {
        result = before->without(gone);
        gone.each([&](std::uint32_t place, std::uint32_t) {
          out.expunged.push_back(mine->before + before->rank(place) + 1);
          out.vanished.add(Uid{number * kPageUids + place});
          return true;
        });
      } else if (gone.any()) {
        owes_expunges_ = true;
      }
      out.grown = out.grown || fresh.any();
      result = result | fresh;
      uids = result == *after ? after : result == *before ? before : std::make_shared<const UidBits>(result);
    }
    const std::uint32_t in_front = next.size();
    next.append(number, uids,
                page && uids == after     ? page->size()
                : known && uids == before ? numbers_.count(mine)
                                          : uids->count());
    if (page && known && page->newest() > told_) {
      after->each([&](std::uint32_t place, std::uint32_t rank) {
        if (page->modseq(rank) > told_ && before->has(place)) out.flags.push_back(in_front + uids->rank(place) + 1);
        return true;
      });
    }
    if (known) ++mine;
  }
  std::reverse(out.expunged.begin(), out.expunged.end());
  numbers_ = std::move(next);
  if (size() > 0) newest_ = std::max(newest_, uid(size()));
  told_ = open_->modseq_;
  co_return out;
}

}  // namespace chappe::post
