#include "post/queue/queue.h"

#include <algorithm>
#include <numeric>

#include "post/mailbox/summary.h"
#include "post/queue/record.h"
#include "post/trail/trail.h"

namespace chappe::post {

using namespace records;  // NOLINT

struct Queue::Watchers {
  std::mutex mutex;
  std::vector<std::shared_ptr<Watch::State>> states;
};

struct Queue::Watch::State {
  net::Executor* executor;
  std::function<void()> wake;  // emptied at home, by ~Watch
};

bool wants(std::uint8_t notify, Notify what) {
  // RFC 3461 §4.1: who said nothing is told of failures, and may be told of delays.
  if (notify == 0) return what == Notify::failure || what == Notify::delay;
  return (notify & static_cast<std::uint8_t>(what)) != 0;
}

namespace {

// The words of the other side that are kept of a failed attempt.
constexpr std::size_t kMaxError = 1000;

// What is due is in the index; what is held is not.
void index(store::Txn& txn, const QueueEntry& e) {
  if (e.state != QueueState::held) txn.put(due_key(e.next_attempt, e.key), Bytes());
}

void unindex(store::Txn& txn, const QueueEntry& e) { txn.remove(due_key(e.next_attempt, e.key)); }

void save(store::Txn& txn, const QueueEntry& before, const QueueEntry& now) {
  unindex(txn, before);
  Queue::add(txn, now);
}

void record(store::Txn& txn, const QueueEntry& e, TrailStep step) {
  step.recipient = e.key.recipient;
  step.address = e.recipient;
  Trail::add(txn, e.key.letter, step);
}

using Edit = std::function<Result<void>(QueueEntry&)>;

// Reads a row, changes it, writes it, its place in the index, and the step of its trail. The hint is of the row's own
// time, not of another look at the clock: what is due before the hint is not looked for.
store::Change edit(Queue* queue, QueueKey key, TrailStep step, Edit how) {
  return [=](store::Txn& txn) -> Result<void> {
    txn.use_reserve();
    const QueueEntry before = TRY(Queue::find(txn, key));
    QueueEntry now = before;
    TRY(how(now));
    save(txn, before, now);
    record(txn, now, step);
    if (now.state != QueueState::held) txn.on_durable([queue, due = now.next_attempt] { queue->hint(due); });
    return {};
  };
}

// Nobody has these any more.
store::Change voided(std::vector<QueueKey> keys, Time now) {
  return [keys = std::move(keys), now](store::Txn& txn) -> Result<void> {
    txn.use_reserve();
    for (const QueueKey& key : keys) {
      auto loaded = Queue::find(txn, key);
      if (!loaded && loaded.error().code() == Errc::not_found) continue;  // dropped meanwhile
      const QueueEntry before = TRY(std::move(loaded));
      if (before.state != QueueState::leased) continue;
      QueueEntry e = before;
      e.state = QueueState::waiting;
      e.next_attempt = std::min(e.next_attempt, now);
      save(txn, before, e);
    }
    return {};
  };
}

}  // namespace

Queue::Queue(store::Store& store, store::Commit& commit, Clock& clock)
    : store_(store), commit_(commit), clock_(clock), watchers_(std::make_shared<Watchers>()) {}

void Queue::add(store::Txn& txn, const QueueEntry& entry) {
  txn.put(queue_key(entry.key), encode(entry));
  index(txn, entry);
}

Result<QueueEntry> Queue::find(store::Txn& txn, QueueKey key) {
  const auto row = TRY(txn.get(queue_key(key)));
  if (!row) return fail(Errc::not_found, "the recipient is not in the queue");
  return decode_queue(row->view(), key);
}

Result<std::vector<QueueEntry>> Queue::of_letter(store::Txn& txn, LetterId letter) {
  std::vector<QueueEntry> out;
  for (const store::Row& row : TRY(txn.scan_all(queue_range(letter)))) {
    const QueueKey key = TRY(queue_of(row.key));
    out.push_back(TRY(decode_queue(row.value.view(), key)));
  }
  return out;
}

Result<QueueEntry> Queue::hand_over(store::Txn& txn, QueueKey key, TrailStep step) {
  QueueEntry e = TRY(Queue::find(txn, key));
  txn.remove(queue_key(key));
  unindex(txn, e);
  record(txn, e, std::move(step));
  return e;
}

Result<void> Queue::settle(store::Txn& txn, QueueKey key, TrailStep step) {
  return release_body(txn, TRY(hand_over(txn, key, std::move(step))).body.id);
}

// --- for people

Task<Result<std::vector<QueueEntry>>> Queue::list(std::optional<QueueKey> after, std::size_t limit, Deadline deadline) {
  std::vector<QueueEntry> out;
  store::Range range = queue_range();
  if (after) range.begin = queue_key(*after) + '\0';
  while (out.size() < limit) {
    const store::ScanLimits limits{.rows = std::min<std::size_t>(limit - out.size(), 1000)};
    const store::Page page = CO_TRY(co_await store_.scan(range, limits, deadline));
    for (const store::Row& row : page.rows) {
      const QueueKey key = CO_TRY(queue_of(row.key));
      out.push_back(CO_TRY(decode_queue(row.value.view(), key)));
    }
    if (!page.more) break;
    range = store::after(std::move(range), page);
  }
  co_return out;
}

Task<Result<std::vector<QueueEntry>>> Queue::show(LetterId letter, Deadline deadline) {
  std::vector<QueueEntry> out;
  const auto rows = CO_TRY(co_await store::scan_all(&store_, queue_range(letter), deadline));
  for (const store::Row& row : rows) {
    const QueueKey key = CO_TRY(queue_of(row.key));
    out.push_back(CO_TRY(decode_queue(row.value.view(), key)));
  }
  if (out.empty()) co_return fail(Errc::not_found, "no recipient of this letter is in the queue");
  co_return out;
}

std::uint64_t QueueCounts::of(QueueState state) const {
  const auto& row = recipients[static_cast<std::size_t>(state)];
  return std::accumulate(row.begin(), row.end(), std::uint64_t{0});
}

Task<Result<QueueCounts>> Queue::counts(Deadline deadline) {
  constexpr std::size_t kPortion = 500;
  QueueCounts out;
  const Time now = clock_.now();
  std::optional<QueueKey> after;
  for (;;) {
    const auto page = CO_TRY(co_await list(after, kPortion, deadline));
    for (const QueueEntry& e : page) {
      const auto age = std::ranges::upper_bound(QueueCounts::kAges, now - e.arrived);
      ++out.recipients[static_cast<std::size_t>(e.state)][static_cast<std::size_t>(age - QueueCounts::kAges.begin())];
      if (!out.oldest || e.arrived < *out.oldest) out.oldest = e.arrived;
    }
    if (page.size() < kPortion) co_return out;
    after = page.back().key;
  }
}

Task<Result<void>> Queue::drop(QueueKey key, std::string who, Deadline deadline) {
  return done(key, operated(TrailEvent::dropped, std::move(who)), deadline);
}

Task<Result<void>> Queue::done(QueueKey key, TrailStep step, Deadline deadline) {
  return commit_.submit(
      [key, step = std::move(step)](store::Txn& txn) {
        txn.use_reserve();
        return settle(txn, key, step);
      },
      deadline);
}

Task<Result<void>> Queue::hold(QueueKey key, std::string who, Deadline deadline) {
  return commit_.submit(edit(this, key, operated(TrailEvent::held, std::move(who)),
                             [](QueueEntry& e) -> Result<void> {
                               e.state = QueueState::held;
                               return {};
                             }),
                        deadline);
}

Task<Result<void>> Queue::release(QueueKey key, std::string who, Deadline deadline) {
  return commit_.submit(edit(this, key, operated(TrailEvent::released, std::move(who)),
                             [now = clock_.now()](QueueEntry& e) -> Result<void> {
                               if (e.here) return fail(Errc::conflict, "it is for a mailbox here");
                               if (e.state != QueueState::held) return {};
                               e.state = QueueState::waiting;
                               e.next_attempt = now;
                               e.asked = true;
                               return {};
                             }),
                        deadline);
}

Task<Result<void>> Queue::retry_now(QueueKey key, std::string who, Deadline deadline) {
  return commit_.submit(edit(this, key, operated(TrailEvent::retried, std::move(who)),
                             [now = clock_.now()](QueueEntry& e) -> Result<void> {
                               if (e.state == QueueState::leased)
                                 return fail(Errc::conflict, "it is being transferred");
                               if (e.state == QueueState::held) return fail(Errc::conflict, "it is held");
                               e.next_attempt = std::min(e.next_attempt, now);
                               e.asked = true;
                               return {};
                             }),
                        deadline);
}

TrailStep Queue::operated(TrailEvent event, std::string who) const {
  return {.event = event, .at = clock_.now(), .who = std::move(who)};
}

// --- for the transfer agent

Task<Result<std::vector<QueueEntry>>> Queue::claim(std::size_t limit, Duration lease, Deadline deadline) {
  auto claimed = co_await commit_.submit<std::vector<QueueEntry>>(
      [this, limit, lease, now = clock_.now()](store::Txn& txn) -> Result<std::vector<QueueEntry>> {
        std::vector<QueueEntry> out;
        if (limit == 0) return out;
        txn.use_reserve();
        const store::Page page = TRY(txn.scan(due_range(Time{due_from_}, now), {.rows = limit}));
        due_from_ = (page.more ? TRY(due_of(page.rows.back().key)).when : now).us;
        for (const store::Row& row : page.rows) {
          const Due due = TRY(due_of(row.key));
          auto loaded = Queue::find(txn, due.key);
          if (!loaded && loaded.error().code() == Errc::not_found) {
            txn.remove(row.key);  // an index row without its row would stop the queue for ever
            continue;
          }
          const QueueEntry before = TRY(std::move(loaded));
          QueueEntry e = before;
          e.state = QueueState::leased;
          e.next_attempt = now + lease;
          ++e.attempts;
          save(txn, before, e);
          out.push_back(std::move(e));
        }
        return out;
      },
      deadline);
  if (!claimed) look_from({});  // what was not written is still due
  co_return claimed;
}

Task<Result<void>> Queue::void_leases(Deadline deadline) {
  constexpr std::size_t kPortion = 500;
  std::optional<QueueKey> after;
  for (;;) {
    const auto page = CO_TRY(co_await list(after, kPortion, deadline));
    // A portion at a time: a sync for each would keep a server with a long queue from starting.
    std::vector<QueueKey> leased;
    for (const QueueEntry& entry : page)
      if (entry.state == QueueState::leased) leased.push_back(entry.key);
    if (!leased.empty()) CO_TRY(co_await commit_.submit(voided(std::move(leased), clock_.now()), deadline));
    if (page.size() < kPortion) co_return Result<void>();
    after = page.back().key;
  }
}

Task<Result<void>> Queue::defer(QueueKey key, TrailStep step, bool delay_told, Deadline deadline) {
  if (step.words.size() > kMaxError) step.words.resize(kMaxError);
  return commit_.submit(edit(this, key, step,
                             [step, delay_told](QueueEntry& e) -> Result<void> {
                               e.asked = false;
                               // An operator may have held it meanwhile.
                               if (e.state == QueueState::leased) e.state = QueueState::waiting;
                               e.next_attempt = step.next;
                               e.last_error = step.words;
                               e.delay_told = e.delay_told || delay_told;
                               return {};
                             }),
                        deadline);
}

// --- watching

void Queue::look_from(Time due) {
  std::int64_t now = due_from_;
  while (due.us < now && !due_from_.compare_exchange_weak(now, due.us)) {
  }
}

void Queue::hint(Time due) {
  look_from(due);
  std::lock_guard lock(watchers_->mutex);
  for (const auto& state : watchers_->states)
    state->executor->post([state] {
      if (state->wake) state->wake();
    });
}

std::unique_ptr<Queue::Watch> Queue::watch(net::Executor& executor, std::function<void()> wake) {
  auto state = std::make_shared<Watch::State>(Watch::State{&executor, std::move(wake)});
  std::lock_guard lock(watchers_->mutex);
  watchers_->states.push_back(state);
  return std::unique_ptr<Watch>(new Watch(watchers_, std::move(state)));
}

Queue::Watch::~Watch() {
  {
    std::lock_guard lock(watchers_->mutex);
    std::erase(watchers_->states, state_);
  }
  state_->wake = nullptr;
}

}  // namespace chappe::post
