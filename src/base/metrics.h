// Numbers that the outside can watch: counters, gauges and histograms, given out in the Prometheus text format 0.0.4.
//
// A metric is declared once, where it is counted, with its labels and a sentence for the operator; every declaration
// that is linked into the program lists itself for the manual (first_metric):
//
//   inline const Metric<Counter, 1> kLetters("chappe_letters_total", "Letters answered with 250.", {"door"});
//   Counter& taken = metrics.of(kLetters, "mx");   // once, at start: takes a lock
//   taken.add();                                   // for each letter: one relaxed atomic addition
//
// One Metrics belongs to the process (in tests, to the test). The instruments live as long as it does and may be used
// from any thread; nothing but of() and expose() locks.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chappe {

class Counter {
 public:
  static constexpr std::string_view kType = "counter";
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> value_{0};  // a cache line each: shards count side by side
};

class Gauge {
 public:
  static constexpr std::string_view kType = "gauge";
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::int64_t> value_{0};
};

// Upper bounds in ascending order; what is greater than the last one counts under +Inf.
inline constexpr double kSecondsBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                            0.1,    0.25,  0.5,    1,     2.5,  5,     10};
inline constexpr double kBytesBounds[] = {1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};

class Histogram {
 public:
  static constexpr std::string_view kType = "histogram";
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), buckets_(bounds.size() + 1) {}
  void observe(double value);
  std::uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  std::span<const double> bounds() const { return bounds_; }
  // How many values lie in bucket `i`, not counting those of lower buckets.
  std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }

 private:
  std::span<const double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  alignas(64) std::atomic<double> sum_{0};
};

// A row of the table of metrics. Lives for ever, is never copied.
struct MetricRow {
  std::string_view name;  // "chappe_letters_total"
  std::string_view type;
  std::string_view help;  // one sentence
  std::span<const std::string_view> labels;
  std::span<const double> bounds;  // of a histogram
  const MetricRow* next = nullptr;
};

// The metrics of this program, in no order; follow `next`.
const MetricRow* first_metric();
// Adds a row to what first_metric() begins. Called while the program starts, by the constructors below.
void list_metric(MetricRow& row);

// The declaration of a metric with `N` labels.
template <class Instrument, std::size_t N = 0>
class Metric {
 public:
  Metric(std::string_view name, std::string_view help, const char* const (&labels)[N],
         std::span<const double> bounds = kSecondsBounds)
      : row_{name, Instrument::kType, help, {}, bounds} {
    for (std::size_t i = 0; i < N; ++i) labels_[i] = labels[i];
    row_.labels = labels_;
    list_metric(row_);
  }
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  const MetricRow& row() const { return row_; }

 private:
  std::array<std::string_view, N> labels_;
  MetricRow row_;
};

template <class Instrument>
class Metric<Instrument, 0> {
 public:
  Metric(std::string_view name, std::string_view help, std::span<const double> bounds = kSecondsBounds)
      : row_{name, Instrument::kType, help, {}, bounds} {
    list_metric(row_);
  }
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  const MetricRow& row() const { return row_; }

 private:
  MetricRow row_;
};

class Metrics {
 public:
  // Label values may come from outside (a domain, a network). Beyond this many series of one metric, all further ones
  // are counted together, under "other".
  static constexpr std::size_t kMaxSeries = 1000;

  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The instrument for these label values, made when it is asked for first.
  template <class Instrument, std::size_t N, std::convertible_to<std::string_view>... Labels>
  Instrument& of(const Metric<Instrument, N>& metric, const Labels&... labels) {
    static_assert(sizeof...(Labels) == N, "a metric takes one value for each of its labels");
    if constexpr (std::same_as<Instrument, Counter>) {
      return counter(metric.row(), {std::string(std::string_view(labels))...});
    } else if constexpr (std::same_as<Instrument, Gauge>) {
      return gauge(metric.row(), {std::string(std::string_view(labels))...});
    } else {
      return histogram(metric.row(), {std::string(std::string_view(labels))...});
    }
  }

  // Everything, as Prometheus reads it (text/plain; version=0.0.4). Metrics come in order of name, each once; numbers
  // that change meanwhile may be of slightly different moments.
  std::string expose() const;

 private:
  using Labels = std::vector<std::string>;
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  struct Family {
    const MetricRow* row = nullptr;
    std::map<Labels, Series> series;
  };

  Counter& counter(const MetricRow& row, Labels labels);
  Gauge& gauge(const MetricRow& row, Labels labels);
  Histogram& histogram(const MetricRow& row, Labels labels);
  // Under mutex_.
  Series& series(const MetricRow& row, Labels labels);

  mutable std::mutex mutex_;
  std::map<std::string_view, Family> families_;
};

}  // namespace chappe
