#include "base/metrics.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace chappe {
namespace {

using testing::HasSubstr;

constexpr double kBounds[] = {1, 2.5};
const Metric<Counter, 1> kLetters("test_letters_total", "Letters, by door.\nTwo lines \\ one.", {"door"});
const Metric<Gauge> kOpen("test_open", "Open things.");
const Metric<Histogram, 1> kWait("test_wait_seconds", "Waiting.", {"for"}, kBounds);
const Metric<Counter, 2> kPairs("test_pairs_total", "Pairs.", {"a", "b"});

TEST(Metrics, AreExposedAsPrometheusReadsThem) {
  Metrics metrics;
  metrics.of(kLetters, "mx").add();
  metrics.of(kLetters, "mx").add(2);
  metrics.of(kLetters, "a\"b\\c\nd").add();
  metrics.of(kOpen).set(5);
  metrics.of(kOpen).add(-7);
  Histogram& wait = metrics.of(kWait, std::string("disk"));
  for (double v : {0.5, 1.0, 2.0, 100.0}) wait.observe(v);
  EXPECT_EQ(wait.count(), 4u);
  EXPECT_EQ(metrics.expose(),
            "# HELP test_letters_total Letters, by door.\\nTwo lines \\\\ one.\n"
            "# TYPE test_letters_total counter\n"
            "test_letters_total{door=\"a\\\"b\\\\c\\nd\"} 1\n"
            "test_letters_total{door=\"mx\"} 3\n"
            "# HELP test_open Open things.\n"
            "# TYPE test_open gauge\n"
            "test_open -2\n"
            "# HELP test_wait_seconds Waiting.\n"
            "# TYPE test_wait_seconds histogram\n"
            "test_wait_seconds_bucket{for=\"disk\",le=\"1\"} 2\n"
            "test_wait_seconds_bucket{for=\"disk\",le=\"2.5\"} 3\n"
            "test_wait_seconds_bucket{for=\"disk\",le=\"+Inf\"} 4\n"
            "test_wait_seconds_sum{for=\"disk\"} 103.5\n"
            "test_wait_seconds_count{for=\"disk\"} 4\n");
}

TEST(Metrics, GiveTheSameInstrumentForTheSameLabels) {
  Metrics metrics;
  EXPECT_EQ(&metrics.of(kPairs, "x", "y"), &metrics.of(kPairs, "x", "y"));
  EXPECT_NE(&metrics.of(kPairs, "x", "y"), &metrics.of(kPairs, "y", "x"));
}

TEST(Metrics, TheOutsideCannotMakeSeriesWithoutEnd) {
  Metrics metrics;
  for (std::size_t i = 0; i < Metrics::kMaxSeries + 5; ++i) metrics.of(kLetters, fmt::format("d{}", i)).add();
  EXPECT_EQ(metrics.of(kLetters, "other").value(), 5u);
  EXPECT_EQ(metrics.of(kLetters, "d7").value(), 1u);
}

TEST(Metrics, CountFromManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        metrics.of(kLetters, "mx").add();
        metrics.of(kWait, "lock").observe(1);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(metrics.of(kLetters, "mx").value(), 20'000u);
  EXPECT_EQ(metrics.of(kWait, "lock").sum(), 20'000.0);
}

TEST(Metrics, EveryMetricListsItselfForTheManual) {
  std::size_t found = 0;
  for (const MetricRow* row = first_metric(); row; row = row->next) {
    EXPECT_FALSE(row->help.empty()) << row->name;
    found += row->name.starts_with("test_");
  }
  EXPECT_EQ(found, 4u);
}

}  // namespace
}  // namespace chappe
