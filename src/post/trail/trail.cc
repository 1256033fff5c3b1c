#include "post/trail/trail.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "post/trail/record.h"

namespace chappe::post {

using namespace records;  // NOLINT

namespace {

constexpr Duration kPause = std::chrono::seconds(1);
constexpr Duration kTrimEvery = std::chrono::minutes(10);
constexpr Duration kStore = std::chrono::minutes(1);
constexpr Duration kHour = std::chrono::hours(1);
constexpr std::size_t kPageRows = 2'000;
// After that many the writing of others gets its turn.
constexpr std::size_t kNotesInChange = 1'000;

Time hour_of(Time t) { return Time{t.us - t.us % kHour.count()}; }

bool matches(const TrailQuery& query, const TrailLetter& letter) {
  const TrailHead& head = letter.head;
  if (!query.from.empty() && !matches_pattern(query.from, head.sender)) return false;
  const auto means = [&query](const auto& recipient) { return matches_pattern(query.to, recipient.address); };
  if (!query.to.empty() && std::ranges::none_of(head.rcpts, means) && std::ranges::none_of(head.ends, means))
    return false;
  return !query.refused || !head.taken ||
         std::ranges::any_of(head.rcpts, [](const TrailRcpt& rcpt) { return rcpt.reply.code != 0; });
}

// The letters of a range of keys that wait to be written, the oldest first.
std::vector<TrailLetter> letters_in(const std::vector<std::pair<LetterId, TrailHead>>& noted,
                                    const store::Range& range) {
  std::vector<TrailLetter> out;
  for (const auto& [letter, head] : noted)
    if (range.contains(trail_head_key(letter))) out.push_back({.id = letter, .head = head, .steps = {}});
  std::ranges::sort(out, {}, &TrailLetter::id);
  return out;
}

// Puts rows together to letters, whichever way they come.
class Assembler {
 public:
  // Gives the letter before this row's one, once it is whole.
  Result<std::optional<TrailLetter>> add(const store::Row& row) {
    const TrailKey key = TRY(trail_of(row.key));
    std::optional<TrailLetter> whole;
    if (has_ && key.letter != letter_.id) whole = take();
    if (!has_) {
      letter_ = TrailLetter{.id = key.letter, .head = {}, .steps = {}};
      has_ = true;
      has_head_ = false;
    }
    if (key.head) {
      letter_.head = TRY(decode_trail_head(row.value.view()));
      has_head_ = true;
    } else if (letter_.steps.size() < Trail::kMostSteps) {
      letter_.steps.push_back(TRY(decode_trail_step(row.value.view(), key)));
    } else {
      ++letter_.more_steps;
    }
    return whole;
  }
  // What is left at the end. Steps whose head has been forgotten are no letter.
  std::optional<TrailLetter> take() {
    if (!std::exchange(has_, false) || !has_head_) return std::nullopt;
    std::ranges::sort(letter_.steps, {}, [](const TrailStep& s) { return std::pair(s.at.us, s.recipient); });
    return std::move(letter_);
  }

 private:
  TrailLetter letter_;
  bool has_ = false;
  bool has_head_ = false;
};

}  // namespace

std::string_view trail_event_name(TrailEvent event) {
  static constexpr std::string_view kNames[] = {"",     "delivered", "deferred", "bounced", "silent",
                                                "held", "released",  "retried",  "dropped", "filed"};
  return kNames[static_cast<std::size_t>(event)];
}

std::string_view trail_state(const TrailLetter& letter) {
  if (letter.head.discarded) return "discarded";
  if (!letter.head.taken) return letter.head.reply.code == 0 ? "abandoned" : "refused";
  // Of each recipient that went to the queue, the last word.
  std::vector<std::optional<TrailEvent>> last(letter.head.ends.size());
  for (const TrailStep& step : letter.steps)
    if (step.recipient < last.size()) last[step.recipient] = step.event;
  bool failed = false;
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (letter.head.ends[i].kind == TrailEnd::Kind::mailbox || last[i] == TrailEvent::delivered ||
        last[i] == TrailEvent::filed)
      continue;
    if (last[i] != TrailEvent::bounced && last[i] != TrailEvent::silent && last[i] != TrailEvent::dropped)
      return "waiting";
    failed = true;
  }
  return failed ? "failed" : "done";
}

Trail::Trail(store::Store& store, store::Commit& commit, Clock& clock, TrailLimits limits)
    : store_(store), commit_(commit), clock_(clock), limits_(limits) {}

void Trail::add(store::Txn& txn, LetterId letter, const TrailHead& head) {
  txn.put(trail_head_key(letter), encode(head));
}

void Trail::add(store::Txn& txn, LetterId letter, const TrailStep& step) {
  txn.put(trail_step_key(letter, step), encode(step));
}

// --- for doors

void Trail::note(LetterId letter, TrailHead head, const std::string& network) {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (now - minute_began_ >= std::chrono::minutes(1) || now < minute_began_) {
    minute_.clear();
    minute_total_ = 0;
    minute_began_ = now;
  }
  std::uint32_t& mine = minute_[network];
  if (minute_total_ >= limits_.refused_per_minute || mine >= limits_.refused_per_network) {
    if (mine == 0) minute_.erase(network);
    count({head.origin.door, network, "letters"}, now);
    return;
  }
  ++mine;
  ++minute_total_;
  noted_.emplace_back(letter, std::move(head));
}

void Trail::note_refused(const std::string& door, const std::string& network, const std::string& reason) {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  count({door, network, reason}, now);
}

void Trail::count(Tally tally, Time now) {
  auto found = counted_.find(tally);
  if (found == counted_.end()) {
    // Beyond the bound they share one row.
    if (counted_.size() >= kCountedNetworks) tally.network = "*";
    found = counted_.try_emplace(std::move(tally), Count{.count = 0, .first = now, .last = now}).first;
  }
  ++found->second.count;
  found->second.last = now;
}

// --- for people

Task<Result<TrailLetter>> Trail::show(LetterId letter, Deadline deadline) {
  Assembler assembler;
  store::Range range = trail_range(letter);
  for (;;) {
    const store::Page page = CO_TRY(co_await store_.scan(range, {.rows = kPageRows}, deadline));
    for (const store::Row& row : page.rows) CO_TRY(assembler.add(row));
    if (!page.more) break;
    range = store::after(std::move(range), page);
  }
  auto whole = assembler.take();
  if (!whole) {
    const std::lock_guard lock(mutex_);
    auto noted = letters_in(noted_, trail_range(letter));
    if (!noted.empty()) co_return std::move(noted.front());
  }
  if (!whole) co_return fail(Errc::not_found, "the trail knows no letter {}", letter.text());
  co_return std::move(*whole);
}

Task<Result<TrailPage>> Trail::find(TrailQuery query, std::size_t limit, Deadline deadline) {
  TrailPage out;
  Assembler assembler;
  // Ids given in this millisecond are meant, too.
  store::Range range = trail_range(query.since, query.until.value_or(clock_.now() + std::chrono::seconds(1)));
  if (query.before) range.end = std::min(range.end, trail_head_key(*query.before));
  std::optional<LetterId> last_whole;
  std::vector<TrailLetter> noted;
  {
    const std::lock_guard lock(mutex_);
    noted = letters_in(noted_, range);
  }
  // Those that wait to be written and are newer than `id`; one that has been written meanwhile is there twice.
  const auto keep_noted = [&](std::optional<LetterId> id) {
    for (; !noted.empty() && (!id || noted.back().id >= *id); noted.pop_back())
      if (noted.back().id != id && matches(query, noted.back())) out.letters.push_back(std::move(noted.back()));
  };
  const auto keep = [&](std::optional<TrailLetter> whole) {
    if (!whole) return;
    keep_noted(whole->id);
    last_whole = whole->id;
    if (matches(query, *whole)) out.letters.push_back(std::move(*whole));
  };
  const auto full = [&] {
    if (out.letters.size() < limit) return false;
    out.letters.resize(limit);
    out.next = out.letters.back().id;
    return true;
  };
  std::size_t scanned = 0;
  while (!range.empty()) {
    const store::Page page = CO_TRY(co_await store_.scan(range, {.rows = kPageRows, .reverse = true}, deadline));
    for (const store::Row& row : page.rows) {
      keep(CO_TRY(assembler.add(row)));
      if (full()) co_return out;
    }
    scanned += page.rows.size();
    if (!page.more) break;
    range = store::after(std::move(range), page, true);
    if (scanned >= kScanned && last_whole) {
      out.next = last_whole;
      co_return out;
    }
  }
  keep(assembler.take());
  keep_noted({});
  if (out.letters.size() > limit) full();
  co_return out;
}

Task<Result<std::vector<TrailRefused>>> Trail::refused(Time since, std::size_t limit, Deadline deadline) {
  std::vector<TrailRefused> out;
  store::Range range = trail_refused_range(hour_of(since), clock_.now() + kHour);
  while (out.size() < limit) {
    const store::ScanLimits limits{.rows = std::min(limit - out.size(), kPageRows), .reverse = true};
    const store::Page page = CO_TRY(co_await store_.scan(range, limits, deadline));
    for (const store::Row& row : page.rows) out.push_back(CO_TRY(decode_trail_refused(row.key, row.value.view())));
    if (!page.more) break;
    range = store::after(std::move(range), page, true);
  }
  co_return out;
}

// --- upkeep

Task<Result<void>> Trail::write_notes(Deadline deadline) {
  std::vector<std::pair<LetterId, TrailHead>> noted;
  std::map<Tally, Count> counted;
  {
    const std::lock_guard lock(mutex_);
    noted.swap(noted_);
    counted.swap(counted_);
  }
  const Time now = clock_.now();
  const bool trim = now - trimmed_ >= kTrimEvery || now < trimmed_;
  if (noted.empty() && counted.empty() && !trim) co_return Result<void>();
  if (trim) {
    trimmed_ = now;
    const Time oldest{std::max<std::int64_t>((now + -limits_.age).us, 0)};
    CO_TRY(co_await commit_.submit(
        [oldest](store::Txn& txn) -> Result<void> {
          txn.use_reserve();
          txn.remove(trail_range(Time{}, oldest));
          txn.remove(trail_refused_range(Time{}, oldest));
          return {};
        },
        deadline));
  }
  for (std::size_t from = 0; from < noted.size(); from += kNotesInChange) {
    const auto first = noted.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(kNotesInChange, noted.size() - from));
    std::vector<std::pair<LetterId, TrailHead>> portion(std::make_move_iterator(first), std::make_move_iterator(last));
    CO_TRY(co_await commit_.submit(
        [portion = std::move(portion)](store::Txn& txn) -> Result<void> {
          for (const auto& [letter, head] : portion) add(txn, letter, head);
          return {};
        },
        deadline));
  }
  if (counted.empty()) co_return Result<void>();
  co_return co_await commit_.submit(
      [counted = std::move(counted)](store::Txn& txn) -> Result<void> {
        for (const auto& [tally, count] : counted) {
          TrailRefused row{.hour = hour_of(count.first),
                           .door = tally.door,
                           .network = tally.network,
                           .reason = tally.reason,
                           .count = 0,
                           .first = count.first,
                           .last = count.last};
          const Bytes key = trail_refused_key(row);
          if (const auto before = TRY(txn.get(key))) {
            const TrailRefused known = TRY(decode_trail_refused(key, before->view()));
            row.count = known.count;
            row.first = known.first;
          }
          row.count += count.count;
          txn.put(key, encode_counts(row));
        }
        return {};
      },
      deadline);
}

Task<Result<void>> Trail::write(LetterId letter, TrailHead head, Deadline deadline) {
  return commit_.submit(
      [letter, head = std::move(head)](store::Txn& txn) -> Result<void> {
        add(txn, letter, head);
        return {};
      },
      deadline);
}

Task<void> Trail::keep(Trail* trail, net::Cancel* cancel) {
  while (!cancel->cancelled()) {
    (void)co_await trail->write_notes(Deadline::in(kStore));
    (void)co_await net::sleep(Deadline::in(kPause, cancel));
  }
}

}  // namespace chappe::post
