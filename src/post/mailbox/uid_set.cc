#include "post/mailbox/uid_set.h"

#include <algorithm>
#include <limits>

namespace chappe::post {

void UidSet::add(std::uint32_t first, std::uint32_t last) {
  if (first > last) std::swap(first, last);
  if (first == 0) first = 1;  // 0 names no message
  if (last == 0) return;
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  // Behind everything, as it mostly is.
  if (ranges_.empty() || first > ranges_.back().last) {
    if (!ranges_.empty() && first - 1 == ranges_.back().last)
      ranges_.back().last = last;
    else
      ranges_.push_back({first, last});
    return;
  }
  // The ranges that touch or overlap [first, last] become one.
  auto from = std::lower_bound(ranges_.begin(), ranges_.end(), first,
                               [](const Range& r, std::uint32_t v) { return r.last != kMax && r.last + 1 < v; });
  auto to = from;
  while (to != ranges_.end() && (last == kMax || to->first <= last + 1)) {
    first = std::min(first, to->first);
    last = std::max(last, to->last);
    ++to;
  }
  if (from == to) {
    ranges_.insert(from, {first, last});
  } else {
    *from = {first, last};
    ranges_.erase(from + 1, to);
  }
}

bool UidSet::contains(Uid uid) const {
  const auto i = std::lower_bound(ranges_.begin(), ranges_.end(), uid.value,
                                  [](const Range& r, std::uint32_t v) { return r.last < v; });
  return i != ranges_.end() && i->first <= uid.value;
}

std::uint64_t UidSet::count() const {
  std::uint64_t n = 0;
  for (const Range& r : ranges_) n += std::uint64_t{r.last} - r.first + 1;
  return n;
}

std::vector<Uid> UidSet::uids() const {
  std::vector<Uid> out;
  out.reserve(count());
  for (const Range& r : ranges_)
    for (std::uint64_t u = r.first; u <= r.last; ++u) out.push_back({static_cast<std::uint32_t>(u)});
  return out;
}

}  // namespace chappe::post
