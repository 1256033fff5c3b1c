#include "base/metrics.h"

#include <fmt/core.h>

#include <algorithm>

namespace chappe {
namespace {

constinit MetricRow* listed_metrics = nullptr;

void append_escaped(std::string& out, std::string_view s, bool quotes) {
  for (char c : s) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

// name{label="value",…,le="bound"} value
void append_sample(std::string& out, const MetricRow& row, std::string_view suffix,
                   const std::vector<std::string>& labels, std::string_view bound, std::string_view value) {
  out += row.name;
  out += suffix;
  char separator = '{';
  const auto label = [&](std::string_view name, std::string_view text) {
    out += separator;
    separator = ',';
    out += name;
    out += "=\"";
    append_escaped(out, text, true);
    out += '"';
  };
  for (std::size_t i = 0; i < labels.size(); ++i) label(row.labels[i], labels[i]);
  if (!bound.empty()) label("le", bound);
  if (separator == ',') out += '}';
  out += ' ';
  out += value;
  out += '\n';
}

void append_histogram(std::string& out, const MetricRow& row, const std::vector<std::string>& labels,
                      const Histogram& histogram) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    below += histogram.bucket(i);
    append_sample(out, row, "_bucket", labels, fmt::format("{}", histogram.bounds()[i]), fmt::format("{}", below));
  }
  below += histogram.bucket(histogram.bounds().size());
  append_sample(out, row, "_bucket", labels, "+Inf", fmt::format("{}", below));
  append_sample(out, row, "_sum", labels, "", fmt::format("{}", histogram.sum()));
  append_sample(out, row, "_count", labels, "", fmt::format("{}", below));
}

}  // namespace

const MetricRow* first_metric() { return listed_metrics; }

void list_metric(MetricRow& row) {
  row.next = listed_metrics;
  listed_metrics = &row;
}

void Histogram::observe(double value) {
  const auto at = std::ranges::lower_bound(bounds_, value);  // a bound belongs to the bucket below it
  buckets_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t n = 0;
  for (const auto& bucket : buckets_) n += bucket.load(std::memory_order_relaxed);
  return n;
}

Metrics::Series& Metrics::series(const MetricRow& row, Labels labels) {
  Family& family = families_[row.name];
  family.row = &row;
  if (family.series.size() >= kMaxSeries && !family.series.contains(labels)) labels.assign(labels.size(), "other");
  return family.series[std::move(labels)];
}

Counter& Metrics::counter(const MetricRow& row, Labels labels) {
  std::lock_guard lock(mutex_);
  auto& instrument = series(row, std::move(labels)).counter;
  if (!instrument) instrument = std::make_unique<Counter>();
  return *instrument;
}

Gauge& Metrics::gauge(const MetricRow& row, Labels labels) {
  std::lock_guard lock(mutex_);
  auto& instrument = series(row, std::move(labels)).gauge;
  if (!instrument) instrument = std::make_unique<Gauge>();
  return *instrument;
}

Histogram& Metrics::histogram(const MetricRow& row, Labels labels) {
  std::lock_guard lock(mutex_);
  auto& instrument = series(row, std::move(labels)).histogram;
  if (!instrument) instrument = std::make_unique<Histogram>(row.bounds);
  return *instrument;
}

std::string Metrics::expose() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += fmt::format("# HELP {} ", name);
    append_escaped(out, family.row->help, false);
    out += fmt::format("\n# TYPE {} {}\n", name, family.row->type);
    for (const auto& [labels, series] : family.series) {
      if (series.counter) {
        append_sample(out, *family.row, "", labels, "", fmt::format("{}", series.counter->value()));
      } else if (series.gauge) {
        append_sample(out, *family.row, "", labels, "", fmt::format("{}", series.gauge->value()));
      } else if (series.histogram) {
        append_histogram(out, *family.row, labels, *series.histogram);
      }
    }
  }
  return out;
}

}  // namespace chappe
