#include "post/search/indexer.h"

#include <algorithm>

#include "post/mailbox/records.h"

namespace chappe::post::search {

using net::Deadline;
using net::Task;

namespace {

const Event kFailed("search.failed", Level::warning, {"account", "error"},
                    "The search index of an account could not be brought up to date. It is tried again every minute; "
                    "until then searches look into the letters that are missing, which takes longer.");
const Event kAnew("search.anew", Level::error, {"account", "error"},
                  "The search index of an account is damaged. It is thrown away and made anew from the letters.");

// Jobs end by themselves; nobody may leave one alone.
constexpr Deadline kNever{Steady::max()};

}  // namespace

struct Indexer::Hints {
  std::mutex mutex;  // guards what follows
  std::set<AccountId> accounts;
  bool all = true;
  std::shared_ptr<net::Executor::Inbox> home;

  net::Event come;  // at home

  static void wake(const std::shared_ptr<Hints>& self) {
    if (self->home) self->home->post([self] { self->come.set(); });
  }
};

Indexer::Indexer(Parts parts, IndexerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      maker_(parts.store->blocking(), options_.portion, parts.extractors),
      hints_(std::make_shared<Hints>()) {}
Indexer::~Indexer() = default;

void Indexer::hint(AccountId account) {
  std::lock_guard lock(hints_->mutex);
  const bool first = hints_->accounts.empty() && !hints_->all;
  if (hints_->accounts.size() < kMaxHints)
    hints_->accounts.insert(account);
  else
    hints_->all = true;
  if (first) Hints::wake(hints_);
}

// --- one account

Task<Result<bool>> Indexer::portion(AccountId account, State* state) {
  const std::uint32_t merging = merge_ && merge_->account() == account ? merge_->id() : 0;
  PortionMaker* const maker = &maker_;
  const auto job = [maker, account, merging] { return maker->next(account, merging); };
  Result<Portion> made = CO_TRY(co_await net::offload(*parts_.offload, job, kNever));
  Portion p = CO_TRY(std::move(made));
  *state = p.state;
  if (p.gone && merging != 0) merge_.reset();
  if (p.idle) co_return false;
  CO_TRY(co_await parts_.commit->submit(change_of(account, std::move(p.before), std::move(p.batch)),
                                        Deadline::in(kCommit)));
  ++changes_mine_;
  ++counts_.portions;
  counts_.letters += p.letters;
  counts_.octets += p.octets;
  counts_.left_out += p.left_out;
  co_return true;
}

namespace {

// A step of a merge, to be committed.
struct MergeStep {
  std::optional<Bytes> before;
  store::Batch batch;
  bool stale = false;  // somebody threw the index away
  bool done = false;
};

struct MergeJob {
  std::shared_ptr<Merge> merge;
  store::Store* store;
  bool first;

  Result<MergeStep> operator()() {
    MergeStep out;
    Blocking blocking(store->snapshot());
    Ledger ledger = TRY(Ledger::open(&blocking, merge->account()));
    out.before = ledger.before();
    const State& state = ledger.state();
    out.stale = !out.before || (first ? state.next_segment : state.merging) != merge->id();
    if (out.stale) return out;
    out.done = TRY(merge->step(out.batch));
    if (first) {
      ledger.state().next_segment = merge->id() + 1;
      ledger.state().merging = merge->id();
    }
    if (out.done) merge->finish(ledger, out.batch);
    if (first || out.done) ledger.finish(out.batch);
    return out;
  }
};

}  // namespace

// True: there is more of it.
Task<Result<bool>> Indexer::merge(AccountId account, State state, int steps) {
  for (int i = 0; i < steps; ++i) {
    const bool first = !merge_;
    if (first) {
      std::vector<Segment> from = to_merge(state);
      if (from.empty()) co_return false;
      merge_ = std::make_shared<Merge>(parts_.store->blocking(), account, std::move(from), state.next_segment);
    } else if (merge_->account() != account) {
      if (!to_merge(state).empty()) owed_.insert(account);  // its turn comes when that one has ended
      co_return false;
    }
    auto ran = co_await net::offload(*parts_.offload, MergeJob{merge_, &parts_.store->blocking(), first}, kNever);
    Result<MergeStep> step = ran ? std::move(*ran) : std::unexpected(std::move(ran.error()));
    if (!step || step->stale) merge_.reset();
    if (!step) co_return std::unexpected(std::move(step.error()));
    if (step->stale) co_return true;
    const bool done = step->done;
    auto written = co_await parts_.commit->submit(change_of(account, std::move(step->before), std::move(step->batch)),
                                                  Deadline::in(kCommit));
    if (!written || done) merge_.reset();
    if (!merge_)
      for (const AccountId other : std::exchange(owed_, {})) hint(other);
    if (!written) co_return std::unexpected(std::move(written.error()));
    ++changes_mine_;
    if (done) {
      ++counts_.merges;
      co_return true;
    }
  }
  co_return true;
}

// True: there is more to do.
Task<Result<bool>> Indexer::step(AccountId account) {
  State state;
  const bool worked = CO_TRY(co_await portion(account, &state));
  const bool merging = CO_TRY(co_await merge(account, std::move(state), kMergeSteps));
  co_return worked || merging;
}

Task<Result<void>> Indexer::catch_up(AccountId account) {
  while (CO_TRY(co_await step(account))) continue;
  co_return Result<void>();
}

Task<Result<void>> Indexer::begin_anew(AccountId account, Deadline deadline) {
  CO_TRY(co_await parts_.commit->submit(drop_of(account), deadline));
  hint(account);
  co_return Result<void>();
}

// --- all accounts

// The next account that keeps anything.
Task<Result<std::optional<AccountId>>> Indexer::account_behind(AccountId account) {
  if (account.value == ~std::uint32_t{0}) co_return std::optional<AccountId>();
  const store::Range range{store::KeyWriter().u32(account.value + 1).take(), {}};
  const store::Page page = CO_TRY(co_await parts_.store->scan(range, {.rows = 1}, Deadline::in(kCommit)));
  if (page.rows.empty()) co_return std::optional<AccountId>();
  store::KeyReader key(page.rows.front().key);
  co_return std::optional(AccountId{CO_TRY(key.u32())});
}

// Whether others have committed something since this was asked last.
bool Indexer::others_commit() {
  const std::uint64_t changes = parts_.commit->counts().changes;
  const bool out = changes - changes_seen_ > changes_mine_;
  changes_seen_ = changes;
  changes_mine_ = 0;
  return out;
}

Task<void> Indexer::failed(AccountId account, Error error) {
  if (error.code() == Errc::cancelled) co_return;  // everything ends
  ++counts_.failures;
  const bool anew = error.code() == Errc::corrupt && begun_anew_.insert(account).second;
  if (parts_.log && anew)
    parts_.log->event(kAnew, account.value, error.text());
  else if (parts_.log)
    parts_.log->event(kFailed, account.value, error.text());
  if (anew && co_await begin_anew(account, Deadline::in(kCommit))) co_return;
  later_[account] = net::Executor::current()->clock().steady() + kRetry;
}

Task<void> Indexer::keep(Indexer* x, net::Cancel* cancel) {
  const auto steady = [] { return net::Executor::current()->clock().steady(); };
  const std::shared_ptr<Hints> hints = x->hints_;
  {
    std::lock_guard lock(hints->mutex);
    hints->home = net::Executor::current()->inbox();
  }
  std::optional<AccountId> walk;  // where the look at all accounts is
  while (!cancel->cancelled()) {
    hints->come.reset();
    {
      std::lock_guard lock(hints->mutex);
      for (const AccountId a : hints->accounts)
        if (x->queued_.insert(a).second) x->queue_.push_back(a);
      hints->accounts.clear();
      if (std::exchange(hints->all, false)) walk = AccountId();
    }
    for (auto i = x->later_.begin(); i != x->later_.end();) {
      if (i->second > steady()) {
        ++i;
        continue;
      }
      if (x->queued_.insert(i->first).second) x->queue_.push_back(i->first);
      i = x->later_.erase(i);
    }
    if (x->queue_.empty() && walk) {
      const auto next = co_await x->account_behind(*walk);
      walk = next ? *next : std::nullopt;
      if (walk && x->queued_.insert(*walk).second) x->queue_.push_back(*walk);
    }
    x->counts_.waiting = x->queue_.size();
    if (x->queue_.empty()) {
      if (walk) continue;
      Steady until = steady() + kRetry;
      for (const auto& [account, when] : x->later_) until = std::min(until, when);
      if (co_await hints->come.wait({until, cancel})) co_await net::sleep({steady() + x->options_.linger, cancel});
      continue;
    }
    const AccountId account = x->queue_.front();
    x->queue_.pop_front();
    x->queued_.erase(account);
    const Steady began = steady();
    auto more = co_await x->step(account);
    // Somebody else was first: the next portion follows from what there is now.
    if (!more && more.error().code() == Errc::conflict) more = true;
    if (!more && more.error().code() == Errc::not_found) more = false;
    if (!more)
      co_await x->failed(account, std::move(more.error()));
    else if (*more && x->queued_.insert(account).second)
      x->queue_.push_back(account);
    if (x->others_commit()) co_await net::sleep({steady() + std::min<Duration>(steady() - began, kRest), cancel});
  }
}

Task<Result<Progress>> Indexer::progress(AccountId account, Deadline deadline) {
  const auto at = parts_.store->snapshot();
  Progress out;
  if (const auto row = CO_TRY(co_await at->get(records::account_key(account), deadline))) {
    const records::AccountRow a = CO_TRY(records::decode_account(row->view()));
    out.newest = a.modseq;
    out.pending = a.messages;
    out.scanning = !a.removed;  // as long as there is no state; without mailboxes there is nothing to read
  }
  if (const auto row = CO_TRY(co_await at->get(state_key(account), deadline))) {
    const State s = CO_TRY(decode_state(row->view()));
    out.indexed = s.places;
    out.pending -= std::min(out.pending, s.places);
    out.letters = s.docs;
    out.done = s.scanning ? ModSeq() : s.modseq;
    out.scanning = s.scanning;
    out.segments = s.segments.size();
    for (const Segment& g : s.segments) out.octets += g.octets;
  }
  co_return out;
}

}  // namespace chappe::post::search
