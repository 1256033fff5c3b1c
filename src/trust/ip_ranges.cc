#include "trust/ip_ranges.h"

#include <algorithm>

namespace chappe::trust {

IpRanges::Span IpRanges::span_of(const Ip& network, unsigned prefix) const {
  const unsigned host_bits = (v4_ ? 32 : 128) - prefix;
  const Ip::Number hosts = host_bits == 128 ? ~Ip::Number{0} : (Ip::Number{1} << host_bits) - 1;
  const Ip::Number first = network.number() & ~hosts;
  return {first, first | hosts};
}

void IpRanges::add(Span span) {
  // The first range that touches the new one or lies behind it.
  const auto begin = std::partition_point(
      ranges_.begin(), ranges_.end(), [&](const Span& r) { return r.last < span.first && span.first - r.last > 1; });
  auto end = begin;
  for (; end != ranges_.end() && (end->first <= span.last || end->first - span.last == 1); ++end) {
    span.first = std::min(span.first, end->first);
    span.last = std::max(span.last, end->last);
  }
  ranges_.insert(ranges_.erase(begin, end), span);
}

void IpRanges::add(const Ip& network, unsigned prefix) { add(span_of(network, prefix)); }

void IpRanges::add(const IpRanges& other) {
  std::vector<Span> both;
  both.reserve(ranges_.size() + other.ranges_.size());
  std::merge(ranges_.begin(), ranges_.end(), other.ranges_.begin(), other.ranges_.end(), std::back_inserter(both),
             [](const Span& a, const Span& b) { return a.first < b.first; });
  ranges_.clear();
  for (const Span& span : both) {
    const bool touches =
        !ranges_.empty() && (span.first <= ranges_.back().last || span.first - ranges_.back().last == 1);
    if (touches)
      ranges_.back().last = std::max(ranges_.back().last, span.last);
    else
      ranges_.push_back(span);
  }
}

void IpRanges::add_everything() { ranges_ = {span_of(Ip::of_number(0, v4_), 0)}; }

void IpRanges::remove(const IpRanges& other) {
  std::vector<Span> out;
  auto cut = other.ranges_.begin();
  for (Span span : ranges_) {
    bool left = true;
    while (cut != other.ranges_.end() && cut->last < span.first) ++cut;
    for (auto c = cut; left && c != other.ranges_.end() && c->first <= span.last; ++c) {
      if (c->first > span.first) out.push_back({span.first, c->first - 1});
      left = c->last < span.last;
      if (left) span.first = c->last + 1;
      cut = c;
    }
    if (left) out.push_back(span);
  }
  ranges_ = std::move(out);
}

bool IpRanges::covers(const Ip& network, unsigned prefix) const {
  const Span span = span_of(network, prefix);
  const auto at =
      std::partition_point(ranges_.begin(), ranges_.end(), [&](const Span& r) { return r.last < span.first; });
  return at != ranges_.end() && at->first <= span.first && span.last <= at->last;
}

std::vector<IpRange> IpRanges::list() const {
  std::vector<IpRange> out;
  out.reserve(ranges_.size());
  for (const Span& r : ranges_) out.push_back({Ip::of_number(r.first, v4_), Ip::of_number(r.last, v4_)});
  return out;
}

double IpRanges::size() const {
  double out = 0;
  for (const Span& r : ranges_) out += static_cast<double>(r.last - r.first) + 1;
  return out;
}

}  // namespace chappe::trust
