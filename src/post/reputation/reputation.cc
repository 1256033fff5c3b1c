#include "post/reputation/reputation.h"

#include <algorithm>
#include <cmath>

#include "post/reputation/record.h"
#include "post/trail/record.h"

namespace chappe::post {

using namespace records;  // NOLINT
using net::Deadline;
using net::Task;
using store::Txn;

namespace {

constexpr std::size_t kPageRows = 2'000;
// After that many the writing of others gets its turn.
constexpr std::size_t kRowsInChange = 500;
constexpr Duration kStore = std::chrono::minutes(1);
// A table that is full is emptied to this part of what it may hold.
constexpr double kRoomFor = 0.9;

// Rows by how many letters they stand for, a class for each doubling from kFaded on.
class Weights {
 public:
  static constexpr std::size_t kClasses = 64;
  static std::size_t class_of(double weight) {
    const double doublings = std::log2(std::max(weight, Reputation::kFaded) / Reputation::kFaded);
    return std::min(static_cast<std::size_t>(doublings), kClasses - 1);
  }
  void add(double weight) { ++rows_[class_of(weight)]; }
  // How many of each class must go, the lightest first, so that `surplus` do.
  std::array<std::size_t, kClasses> lightest(std::size_t surplus) const {
    std::array<std::size_t, kClasses> out{};
    for (std::size_t i = 0; i < kClasses && surplus > 0; ++i) {
      out[i] = std::min(surplus, rows_[i]);
      surplus -= out[i];
    }
    return out;
  }

 private:
  std::array<std::size_t, kClasses> rows_{};
};

// What a sweep reads of a row.
struct Found {
  Bytes key;
  double weight = 0;
};

Task<Result<std::vector<Found>>> read_page(store::Store* store, store::Range* range, Time now, Duration half_life,
                                           Deadline deadline) {
  const store::Page page = CO_TRY(co_await store->scan(*range, {.rows = kPageRows}, deadline));
  std::vector<Found> out;
  for (const store::Row& row : page.rows) {
    auto remembered = decode_remembered(row.value.view());
    if (!remembered && remembered.error().code() != Errc::corrupt) co_return std::unexpected(remembered.error());
    // A row that does not read back is worth nothing, and goes with those that have faded.
    if (remembered) remembered->fade(now, half_life);
    out.push_back({row.key, remembered ? remembered->tallies.weight() : 0});
  }
  if (page.more) {
    *range = store::after(std::move(*range), page);
  } else {
    range->begin = range->end;
  }
  co_return out;
}

Task<Result<void>> remove_rows(store::Commit* commit, std::vector<Bytes> keys, Deadline deadline) {
  if (keys.empty()) co_return Result<void>();
  co_return co_await commit->submit(
      [keys = std::move(keys)](Txn& txn) -> Result<void> {
        txn.use_reserve();
        for (const Bytes& key : keys) txn.remove(key);
        return {};
      },
      deadline);
}

bool before(ReputationOrder order, const Standing& a, const Standing& b) {
  if (order == ReputationOrder::worst && a.score() != b.score()) return a.score() < b.score();
  const double x = a.remembered.tallies.letters();
  const double y = b.remembered.tallies.letters();
  return x != y ? x > y : a.identity < b.identity;
}

}  // namespace

Reputation::Reputation(Parts parts, ReputationOptions options) : parts_(parts), options_(options) {
  // So that no look into them ever moves all that they hold.
  pending_.reserve(options_.pending);
  writing_.reserve(options_.pending);
  claims_.reserve(options_.claims);
  cached_.reserve(options_.cached);
}

void Reputation::count(const Sighting& sighting, Fate fate) {
  const Time now = parts_.clock->now();
  counts_.letters[static_cast<std::size_t>(fate)].fetch_add(1, std::memory_order_relaxed);
  std::size_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const Named& named : sighting.names) {
      const bool answers = named.answers();
      Deltas& to = answers ? pending_ : claims_;
      auto found = to.find(named.identity);
      if (found == to.end()) {
        if (to.size() >= (answers ? options_.pending : options_.claims)) {
          ++left_out;
          continue;
        }
        found =
            to.try_emplace(named.identity, Delta{.tallies = {}, .first = now, .last = now, .answers = answers}).first;
      }
      Delta& delta = found->second;
      delta.last = now;
      ++delta.tallies[tally_of(named.proof)];
      if (answers) ++delta.tallies[tally_of(fate)];
    }
  }
  if (left_out > 0) counts_.left_out.fetch_add(left_out, std::memory_order_relaxed);
}

void Reputation::vote(LetterId letter, Vote vote) {
  const std::lock_guard lock(mutex_);
  if (votes_.size() < options_.votes) votes_.emplace_back(letter, vote);
}

// --- for filters and people

void Reputation::keep_row(const Identity& identity, std::optional<Remembered> row) {
  if (cached_.size() >= options_.cached && !cached_.contains(identity)) cached_.erase(cached_.begin());
  cached_.insert_or_assign(identity, std::move(row));
}

Task<Result<Standing>> Reputation::of(Identity identity, Deadline deadline) {
  std::optional<Remembered> row;
  std::uint64_t writings = 0;
  bool cached = false;
  {
    const std::lock_guard lock(mutex_);
    writings = writings_;
    if (const auto found = cached_.find(identity); found != cached_.end()) {
      row = found->second;
      cached = true;
    }
  }
  if (!cached) {
    const auto value = CO_TRY(co_await parts_.store->get(reputation_key(identity), deadline));
    if (value) row = CO_TRY(decode_remembered(value->view()));
  }
  Standing out{.identity = std::move(identity), .known = row.has_value(), .remembered = row.value_or(Remembered())};
  out.remembered.fade(parts_.clock->now(), options_.half_life);
  const std::lock_guard lock(mutex_);
  if (!cached && writings == writings_) keep_row(out.identity, std::move(row));
  const auto add = [&out](const Deltas& deltas) {
    const auto found = deltas.find(out.identity);
    if (found == deltas.end()) return;
    const Delta& delta = found->second;
    if (!out.known && !delta.answers) return;
    out.remembered.tallies += delta.tallies;
    if (!delta.answers) return;
    if (!out.known) out.remembered.first = delta.first;
    out.remembered.last = std::max(out.remembered.last, delta.last);
    out.known = true;
  };
  // Unless the row that was read has it already.
  if (const auto found = writing_.find(out.identity);
      found != writing_.end() && out.remembered.last < found->second.last)
    add(writing_);
  add(pending_);
  add(claims_);
  co_return out;
}

Task<Result<std::vector<Standing>>> Reputation::list(ReputationQuery query, Deadline deadline) {
  const Time now = parts_.clock->now();
  const auto first = [&query](const Standing& a, const Standing& b) { return before(query.order, a, b); };
  std::vector<Standing> out;  // a heap, the last of the list on top
  store::Range range = query.kind ? reputation_of(*query.kind) : all_reputation();
  while (query.limit > 0 && !range.empty()) {
    const store::Page page = CO_TRY(co_await parts_.store->scan(range, {.rows = kPageRows}, deadline));
    for (const store::Row& row : page.rows) {
      Standing one{.identity = CO_TRY(decode_identity(row.key)),
                   .known = true,
                   .remembered = CO_TRY(decode_remembered(row.value.view()))};
      one.remembered.fade(now, options_.half_life);
      if (out.size() == query.limit) {
        if (!first(one, out.front())) continue;
        std::ranges::pop_heap(out, first);
        out.pop_back();
      }
      out.push_back(std::move(one));
      std::ranges::push_heap(out, first);
    }
    if (!page.more) break;
    range = store::after(std::move(range), page);
    co_await net::yield();
  }
  std::ranges::sort_heap(out, first);
  co_return out;
}

// --- upkeep

Result<Reputation::Written> Reputation::write_rows(Txn& txn, const std::vector<std::pair<Identity, Delta>>& portion,
                                                   Time now, Duration half_life, std::size_t room) {
  Written out;
  for (const auto& [identity, delta] : portion) {
    const Bytes key = reputation_key(identity);
    const auto there = TRY(txn.get(key));
    if (!there && (!delta.answers || out.made == room)) {
      if (delta.answers) ++out.left_out;
      continue;
    }
    Remembered row{.at = now, .first = delta.first, .last = {}, .tallies = {}};
    if (!there) {
      ++out.made;
    } else if (auto known = decode_remembered(there->view())) {
      row = *known;
    } else if (known.error().code() != Errc::corrupt) {
      return std::unexpected(std::move(known.error()));
    }
    row.fade(now, half_life);
    row.tallies += delta.tallies;
    if (delta.answers) row.last = std::max(row.last, delta.last);
    txn.put(key, encode(row));
    out.rows.emplace_back(identity, row);
  }
  return out;
}

Task<Result<void>> Reputation::write_portions(std::vector<std::pair<Identity, Delta>> all, Deadline deadline) {
  // Where there may not be room for all, those with most letters come first.
  if (counts_.rows.load(std::memory_order_relaxed) + all.size() > options_.rows)
    std::ranges::sort(all, std::greater<>(), [](const auto& one) { return one.second.tallies.weight(); });
  for (std::size_t from = 0; from < all.size(); from += kRowsInChange) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(from);
    const std::size_t size = std::min(kRowsInChange, all.size() - from);
    std::vector<std::pair<Identity, Delta>> portion(std::make_move_iterator(first),
                                                    std::make_move_iterator(first + static_cast<std::ptrdiff_t>(size)));
    const std::size_t rows = counts_.rows.load(std::memory_order_relaxed);
    auto change = [portion = std::move(portion), now = parts_.clock->now(), half_life = options_.half_life,
                   room = options_.rows - std::min(rows, options_.rows)](Txn& txn) {
      return write_rows(txn, portion, now, half_life, room);
    };
    auto written = co_await parts_.commit->submit<Written>(std::move(change), deadline);
    if (!written) {
      counts_.left_out.fetch_add(all.size() - from, std::memory_order_relaxed);
      co_return std::unexpected(std::move(written.error()));
    }
    counts_.rows.store(rows + written->made, std::memory_order_relaxed);
    counts_.left_out.fetch_add(written->left_out, std::memory_order_relaxed);
    full_ = full_ || written->left_out > 0;
    const std::lock_guard lock(mutex_);
    ++writings_;
    for (auto& [identity, row] : written->rows) {
      writing_.erase(identity);
      keep_row(identity, std::move(row));
    }
  }
  co_return Result<void>();
}

Task<Result<void>> Reputation::count_votes(std::vector<std::pair<LetterId, Vote>> votes, Deltas* claims,
                                           Deadline deadline) {
  for (const auto& [letter, vote] : votes) {
    const auto row = CO_TRY(co_await parts_.store->get(trail_head_key(letter), deadline));
    if (!row) continue;
    const TrailHead head = CO_TRY(decode_trail_head(row->view()));
    for (const TrailStanding& standing : head.verdict.standings) {
      const auto kind = parse_identity_kind(standing.kind);
      if (!kind) continue;
      ++(*claims)[Identity{*kind, standing.name}].tallies[vote == Vote::spam ? Tally::spam : Tally::ham];
    }
    counts_.votes.fetch_add(1, std::memory_order_relaxed);
  }
  co_return Result<void>();
}

bool Reputation::sweep_due(Time now) const {
  return !swept_ || now < *swept_ || now - *swept_ >= (full_ ? kSweepWhenFull : kSweepEvery);
}

Task<Result<void>> Reputation::sweep(Time now, Deadline deadline) {
  // What has faded, then, if there are too many still, the lightest. Pages are looked at once to count and once to take
  // away, so that memory does not grow with the table.
  Weights weights;
  std::size_t rows = 0;
  for (store::Range range = all_reputation(); !range.empty();) {
    std::vector<Bytes> faded;
    for (Found& found : CO_TRY(co_await read_page(parts_.store, &range, now, options_.half_life, deadline))) {
      if (found.weight < kFaded) {
        faded.push_back(std::move(found.key));
      } else {
        weights.add(found.weight);
        ++rows;
      }
    }
    CO_TRY(co_await remove_rows(parts_.commit, std::move(faded), deadline));
    co_await net::yield();
  }
  if (rows >= options_.rows) {
    const auto target = static_cast<std::size_t>(static_cast<double>(options_.rows) * kRoomFor);
    auto go = weights.lightest(rows - target);
    for (store::Range range = all_reputation(); !range.empty() && rows > target;) {
      std::vector<Bytes> light;
      for (Found& found : CO_TRY(co_await read_page(parts_.store, &range, now, options_.half_life, deadline))) {
        std::size_t& left = go[Weights::class_of(found.weight)];
        if (left == 0) continue;
        --left;
        --rows;
        light.push_back(std::move(found.key));
      }
      CO_TRY(co_await remove_rows(parts_.commit, std::move(light), deadline));
      co_await net::yield();
    }
  }
  counts_.rows.store(rows, std::memory_order_relaxed);
  swept_ = now;
  full_ = false;
  Rows fresh;
  fresh.reserve(options_.cached);
  const std::lock_guard lock(mutex_);
  ++writings_;
  cached_.swap(fresh);
  co_return Result<void>();
}

Task<Result<void>> Reputation::write(Deadline deadline) {
  const Time now = parts_.clock->now();
  // Before the first one nobody knows how many rows there are.
  if (sweep_due(now)) CO_TRY(co_await sweep(now, deadline));
  Deltas claims, done;
  claims.reserve(options_.claims);
  done.reserve(options_.pending);
  std::vector<std::pair<LetterId, Vote>> votes;
  {
    const std::lock_guard lock(mutex_);
    writing_.swap(pending_);
    claims.swap(claims_);
    votes.swap(votes_);
  }
  // Only this call changes writing_.
  std::vector<std::pair<Identity, Delta>> all(writing_.begin(), writing_.end());
  auto written = co_await count_votes(std::move(votes), &claims, deadline);
  all.insert(all.end(), claims.begin(), claims.end());
  if (auto rows = co_await write_portions(std::move(all), deadline); !rows) written = std::move(rows);
  const std::lock_guard lock(mutex_);
  writing_.swap(done);
  co_return written;
}

Task<void> Reputation::keep(Reputation* reputation, net::Cancel* cancel) {
  while (!cancel->cancelled()) {
    (void)co_await reputation->write(Deadline::in(kStore));
    (void)co_await net::sleep(Deadline::in(kWriteEvery, cancel));
  }
}

}  // namespace chappe::post
