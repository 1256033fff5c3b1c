#include "app/server_counts.h"

namespace chappe::app {
namespace {

const Metric<Counter, 2> kShardStalls(
    "chappe_shard_stalls_total",
    "Turns of a shard longer than 20 ms, while which its other connections waited, by cause: busy (the work took that "
    "long: please report it), blocked (it waited for a disk or a lock), preempted (other programs had the processor).",
    {"shard", "cause"});
const Metric<Gauge, 1> kLongestTurn("chappe_shard_longest_turn_microseconds", "The longest turn of a shard so far.",
                                    {"shard"});
const Metric<Counter> kRefused("chappe_connections_refused_total", "Connections beyond the limits of [limits].");
const Metric<Counter> kChanges("chappe_store_changes_total", "Changes made durable.");
const Metric<Counter> kGroups("chappe_store_writes_total", "Synced writes; one carries all changes that queued up.");
const Metric<Gauge> kReadOnly("chappe_store_read_only",
                              "1: a write has failed, the store refuses more until a restart.");
const Metric<Counter> kLogDropped("chappe_log_dropped_total", "Lines of the log that found no room.");
const Metric<Gauge, 1> kBudgetUsed("chappe_budget_bytes", "Memory taken of each part of [budget].", {"part"});

const Metric<Gauge, 2> kQueue("chappe_queue_recipients",
                              "Recipients at other hosts that letters wait for, by state (waiting: for their time; "
                              "leased: on their way; held: by an operator) and by how long ago the letter came.",
                              {"state", "age"});
const Metric<Gauge> kOldest("chappe_queue_oldest_seconds", "How long ago the oldest letter of the queue came.");

const Metric<Counter> kIndexed("chappe_search_letters_total", "Letters taken into the search index.");
const Metric<Counter> kIndexFailures("chappe_search_failures_total",
                                     "Times that the search index of an account could not be brought up to date.");
const Metric<Counter> kMerges("chappe_search_merges_total", "Segments of the search index made from smaller ones.");
const Metric<Gauge> kIndexWaiting("chappe_search_accounts_waiting",
                                  "Accounts of which something is to be taken into the search index.");

const Metric<Counter, 1> kAttachments(
    "chappe_search_attachments_total",
    "Attachments given to programs of [[search.extractor]], by how that ended (ok; cut: it wrote more than it may; "
    "failed; timeout; too_large: not given, or not wholly; skipped: its letter had too many).",
    {"outcome"});

const Metric<Counter, 1> kJudgedLetters("chappe_reputation_letters_total",
                                        "Letters of other hosts that were judged, by what became of them (accepted, "
                                        "junk, refused, deferred).",
                                        {"outcome"});
const Metric<Counter> kVotes("chappe_reputation_votes_total", "Letters that people moved into Junk, or out of it.");
const Metric<Counter> kLeftOut("chappe_reputation_left_out_total",
                               "Senders that were not counted, because there was no room for more.");
const Metric<Gauge> kReputations("chappe_reputation_rows", "Senders of whom something is remembered.");

constexpr std::string_view kStateNames[] = {"waiting", "leased", "held"};
constexpr std::string_view kAgeNames[post::QueueCounts::kAges.size() + 1] = {"<5m", "<1h", "<4h", "<1d", ">=1d"};
constexpr std::string_view kStallNames[net::Shard::kStalls] = {"busy", "blocked", "preempted"};

}  // namespace

void ServerCounts::show(const post::QueueCounts& queue) {
  for (const auto state : {post::QueueState::waiting, post::QueueState::leased, post::QueueState::held}) {
    const auto& row = queue.recipients[static_cast<std::size_t>(state)];
    for (std::size_t i = 0; i < row.size(); ++i)
      metrics.of(kQueue, kStateNames[static_cast<std::size_t>(state)], kAgeNames[i])
          .set(static_cast<std::int64_t>(row[i]));
  }
  const Duration age = queue.oldest ? system_clock().now() - *queue.oldest : Duration(0);
  metrics.of(kOldest).set(age / std::chrono::seconds(1));
}

std::string ServerCounts::expose(const post::QueueCounts& queue) {
  const std::lock_guard lock(exposing);
  const auto raise = [](Counter& counter, std::uint64_t to) { counter.add(to - counter.value()); };
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = std::to_string(i);
    for (std::size_t c = 0; c < net::Shard::kStalls; ++c)
      raise(metrics.of(kShardStalls, name, kStallNames[c]), shards.at(i).stalls(net::Shard::Stall(c)));
    metrics.of(kLongestTurn, name).set(shards.at(i).longest_turn().count());
  }
  const auto counts = commit.counts();
  raise(metrics.of(kChanges), counts.changes);
  raise(metrics.of(kGroups), counts.groups);
  raise(metrics.of(kRefused), connections.refused());
  raise(metrics.of(kLogDropped), log.dropped());
  metrics.of(kReadOnly).set(store.read_only() ? 1 : 0);
  for (const PartRow& row : budget_parts())
    metrics.of(kBudgetUsed, row.name).set(static_cast<std::int64_t>(budget.used(row.part)));
  if (indexer) {
    raise(metrics.of(kIndexed), indexer->counts().letters);
    raise(metrics.of(kIndexFailures), indexer->counts().failures);
    raise(metrics.of(kMerges), indexer->counts().merges);
    metrics.of(kIndexWaiting).set(static_cast<std::int64_t>(indexer->counts().waiting));
  }
  if (extractors) {
    for (std::size_t i = 0; i < post::search::kChildEnds; ++i)
      raise(metrics.of(kAttachments, post::search::child_end_name(post::search::ChildEnd(i))),
            extractors->counts().ends[i]);
    raise(metrics.of(kAttachments, "skipped"), extractors->counts().skipped);
  }
  const auto& known = reputation.counts();
  for (const auto fate : {post::Fate::accepted, post::Fate::junk, post::Fate::refused, post::Fate::deferred})
    raise(metrics.of(kJudgedLetters, post::fate_name(fate)), known.letters[static_cast<std::size_t>(fate)]);
  raise(metrics.of(kVotes), known.votes);
  raise(metrics.of(kLeftOut), known.left_out);
  metrics.of(kReputations).set(static_cast<std::int64_t>(known.rows.load()));
  show(queue);
  return metrics.expose();
}

}  // namespace chappe::app
