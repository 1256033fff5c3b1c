#include "proto/imap/sequence.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace chappe::proto::imap {
namespace {

// One seq-number at the front of `text`, taken off it.
Result<std::uint32_t> take_number(ByteView& text) {
  if (!text.empty() && text.front() == '*') {
    text.remove_prefix(1);
    return SequenceSet::kStar;
  }
  std::uint32_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc() || n == 0 || text.front() == '0')
    return fail(Errc::invalid, "a message number is 1 to 4294967295, or *");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

void write_number(Bytes& out, std::uint32_t n) {
  char digits[10];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, n);
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

Result<SequenceSet> SequenceSet::parse(ByteView text, std::size_t max_items) {
  if (text == "$") return saved_result();
  SequenceSet set;
  for (;;) {
    if (set.ranges_.size() == max_items)
      return fail(Errc::too_large, "more than {} ranges in a message set", max_items);
    const std::uint32_t first = TRY(take_number(text));
    std::uint32_t last = first;
    if (!text.empty() && text.front() == ':') {
      text.remove_prefix(1);
      last = TRY(take_number(text));
    }
    set.ranges_.push_back({first, last});
    if (text.empty()) return set;
    if (text.front() != ',') return fail(Errc::invalid, "a message set is numbers, colons and commas");
    text.remove_prefix(1);
  }
}

SequenceSet SequenceSet::saved_result() {
  SequenceSet set;
  set.saved_ = true;
  return set;
}

SequenceSet SequenceSet::of(std::span<const Range> ranges) {
  SequenceSet set;
  set.ranges_.assign(ranges.begin(), ranges.end());
  return set;
}

bool SequenceSet::has_star() const {
  return std::ranges::any_of(ranges_, [](const Range& r) { return r.first == kStar || r.last == kStar; });
}

std::uint32_t SequenceSet::largest() const {
  std::uint32_t out = 0;
  for (const Range& r : ranges_) out = std::max({out, r.first, r.last});
  return out;
}

std::vector<Range> SequenceSet::resolve(std::uint32_t max) const {
  std::vector<Range> sorted;
  sorted.reserve(ranges_.size());
  for (const Range& r : ranges_) {
    if (max == 0 && (r.first == kStar || r.last == kStar)) continue;
    const std::uint32_t a = r.first == kStar ? max : r.first;
    const std::uint32_t b = r.last == kStar ? max : r.last;
    sorted.push_back({std::min(a, b), std::max(a, b)});
  }
  std::ranges::sort(sorted, {}, &Range::first);
  std::vector<Range> out;
  for (const Range& r : sorted) {
    if (!out.empty() && (r.first <= out.back().last || r.first == out.back().last + 1))
      out.back().last = std::max(out.back().last, r.last);
    else
      out.push_back(r);
  }
  return out;
}

bool contains(std::span<const Range> ranges, std::uint32_t number) {
  const auto it = std::ranges::lower_bound(ranges, number, {}, &Range::last);
  return it != ranges.end() && it->first <= number;
}

std::vector<Range> to_ranges(std::span<const std::uint32_t> ascending) {
  std::vector<Range> out;
  for (const std::uint32_t n : ascending) {
    if (!out.empty() && n == out.back().last + 1)
      out.back().last = n;
    else
      out.push_back({n, n});
  }
  return out;
}

void write_ranges(Bytes& out, std::span<const Range> ranges) {
  bool first = true;
  for (const Range& r : ranges) {
    if (!std::exchange(first, false)) out += ',';
    write_number(out, r.first);
    if (r.last == r.first) continue;
    out += ':';
    write_number(out, r.last);
  }
}

}  // namespace chappe::proto::imap
