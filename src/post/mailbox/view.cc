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

auto first_from(const std::vector<MessageState>& states, std::uint64_t uid) {
  return std::lower_bound(states.begin(), states.end(), uid,
                          [](const MessageState& s, std::uint64_t u) { return s.uid.value < u; });
}

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

net::Task<Result<std::vector<MessageState>>> read_states(std::shared_ptr<store::Reader> at, AccountId account,
                                                         MailboxId mailbox, net::Deadline deadline) {
  std::vector<MessageState> out;
  store::Range range = page_range(account, mailbox);
  const store::ScanLimits limits{.rows = kRowsAtOnce};
  for (;;) {
    const store::Page page = CO_TRY(co_await at->scan(range, limits, deadline));
    for (const store::Row& row : page.rows) {
      const std::uint32_t number = CO_TRY(page_of(account, mailbox, row.key));
      const auto some = CO_TRY(decode_page(row.value.view(), number));
      out.insert(out.end(), some.begin(), some.end());
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
}

void Mailboxes::Hub::hint(AccountId account) {
  std::lock_guard lock(mutex);
  const auto end = slots.upper_bound(key(account, {~std::uint32_t{0}}));
  for (auto i = slots.lower_bound(key(account, {})); i != end; ++i) hint(i->second);
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

const MessageState* OpenMailbox::find(Uid uid) const {
  const auto i = first_from(messages_, uid.value);
  return i != messages_.end() && i->uid == uid ? &*i : nullptr;
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
  std::vector<MessageState> states = CO_TRY(co_await read_states(at, account_, id_, deadline));
  info_ = std::move(common.info);
  keywords_ = std::move(common.keywords);
  modseq_ = common.modseq;
  messages_ = std::move(states);
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

  std::vector<std::pair<std::uint32_t, std::vector<MessageState>>> fresh;
  for (const std::uint32_t p : pages) {
    const auto page = CO_TRY(co_await at->get(page_key(account_, id_, p), deadline));
    fresh.emplace_back(p, page ? CO_TRY(decode_page(page->view(), p)) : std::vector<MessageState>());
  }

  // From here on nothing waits: sessions never see half of it.
  std::vector<MessageState> merged;
  bool rebuilt = false;
  auto from = messages_.begin();  // what is before it is in `merged`, once `rebuilt`
  for (auto& [number, states] : fresh) {
    const auto first =
        messages_.begin() + (first_from(messages_, std::uint64_t{number} * kPageUids) - messages_.cbegin());
    const auto last =
        messages_.begin() + (first_from(messages_, (std::uint64_t{number} + 1) * kPageUids) - messages_.cbegin());
    if (!rebuilt && static_cast<std::size_t>(last - first) == states.size()) {
      std::copy(states.begin(), states.end(), first);
      continue;
    }
    if (!rebuilt && last == messages_.end() && number == fresh.back().first) {
      messages_.erase(first, last);
      messages_.insert(messages_.end(), states.begin(), states.end());
      break;
    }
    if (!rebuilt) merged.reserve(common->info.messages);
    rebuilt = true;
    merged.insert(merged.end(), from, first);
    merged.insert(merged.end(), states.begin(), states.end());
    from = last;
  }
  if (rebuilt) {
    merged.insert(merged.end(), from, messages_.end());
    messages_ = std::move(merged);
  }
  info_ = std::move(common->info);
  keywords_ = std::move(common->keywords);
  modseq_ = common->modseq;
  co_return Result<void>();
}

// --- View

View::View(std::shared_ptr<OpenMailbox> open) : open_(std::move(open)) {
  open_->views_.push_back(this);
  uids_.reserve(open_->messages_.size());
  for (const MessageState& s : open_->messages_) uids_.push_back(s.uid);
  told_ = open_->modseq_;
  keywords_ = open_->keywords_.size();
}

View::~View() { std::erase(open_->views_, this); }

std::uint32_t View::lower_bound(Uid uid) const {
  return static_cast<std::uint32_t>(std::lower_bound(uids_.begin(), uids_.end(), uid) - uids_.begin()) + 1;
}

std::uint32_t View::seq(Uid uid) const {
  const std::uint32_t at = lower_bound(uid);
  return at <= uids_.size() && uids_[at - 1] == uid ? at : 0;
}

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

  const std::vector<MessageState>& now = open_->messages_;
  std::vector<Uid> uids;
  uids.reserve(now.size());
  auto s = now.begin();
  owes_expunges_ = false;
  for (std::size_t i = 0; i < uids_.size(); ++i) {
    // What stands between two messages of the view cannot be new: UIDs ascend.
    while (s != now.end() && s->uid < uids_[i]) ++s;
    const bool there = s != now.end() && s->uid == uids_[i];
    if (!there && expunges == Expunges::announce) {
      out.expunged.push_back(static_cast<std::uint32_t>(i + 1));
      out.vanished.add(uids_[i]);
      continue;
    }
    if (!there) owes_expunges_ = true;
    uids.push_back(uids_[i]);
    if (there && s->modseq > told_) out.flags.push_back(static_cast<std::uint32_t>(uids.size()));
  }
  std::reverse(out.expunged.begin(), out.expunged.end());
  const Uid last = uids_.empty() ? Uid{} : uids_.back();
  // A UID above all that the view ever had; expunged ones at its end count too.
  newest_ = std::max(newest_, last);
  for (s = now.begin() + (first_from(now, std::uint64_t{newest_.value} + 1) - now.cbegin()); s != now.end(); ++s) {
    uids.push_back(s->uid);
    out.grown = true;
  }
  uids_ = std::move(uids);
  if (!uids_.empty()) newest_ = std::max(newest_, uids_.back());
  told_ = open_->modseq_;
  co_return out;
}

}  // namespace chappe::post
