#include "agents/door/list_watch.h"

namespace chappe::agents {
namespace {

const Event kUnusable("mx.list_unusable", Level::warning, {"list", "state", "times"},
                      "A DNS list did not answer what a list answers, and letters were judged without it; state is "
                      "expanded by chappe explain. refused: it does not serve this host, because of a quota, a missing "
                      "key, or a public resolver in between. foreign-answer: it may have closed; take it out of the "
                      "configuration. Told at most once an hour for each list, with how often it happened since; the "
                      "metric chappe_list_answers_total counts all.");

const Metric<Counter, 2> kAnswers("chappe_list_answers_total", "What DNS lists answered about senders.",
                                  {"list", "state"});

}  // namespace

ListWatch::ListWatch(Metrics& metrics, std::span<const trust::ListRule> rules) {
  for (const trust::ListRule& rule : rules) {
    Watched& watched = *lists_.emplace_back(std::make_unique<Watched>());
    for (const trust::ListingRow& row : trust::listing_rows())
      watched.answers.push_back(&metrics.of(kAnswers, rule.list.name, row.id));
  }
}

void ListWatch::note(Log& log, Steady now, const trust::SenderListing& listing) {
  for (const trust::ListFinding& finding : listing.findings) {
    Watched& watched = *lists_.at(finding.listing.list);
    const trust::ListingRow& row = listing_row(finding.listing.state);
    watched.answers.at(static_cast<std::size_t>(row.state))->add();
    if (!row.error) continue;
    watched.untold.fetch_add(1, std::memory_order_relaxed);
    std::int64_t quiet = watched.quiet.load(std::memory_order_relaxed);
    const std::int64_t us = now.time_since_epoch().count();
    if (us < quiet || !watched.quiet.compare_exchange_strong(quiet, us + kPause.count())) continue;
    log.event(kUnusable, listing.rule_of(finding).list.name, row.id, watched.untold.exchange(0));
  }
}

}  // namespace chappe::agents
