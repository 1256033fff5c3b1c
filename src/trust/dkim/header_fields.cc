#include "trust/dkim/header_fields.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace chappe::trust::dkim {
namespace {

// Shorter names first, then by letter: any order does, as long as case does not matter in it.
std::strong_ordering compare(ByteView a, ByteView b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  if (a == b) return std::strong_ordering::equal;  // mostly they are written alike
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return lower(a[i]) <=> lower(b[i]);
  return std::strong_ordering::equal;
}

}  // namespace

HeaderFields::HeaderFields(std::span<const message::Field> fields) : fields_(fields), order_(fields.size()) {
  std::iota(order_.begin(), order_.end(), 0u);
  std::ranges::sort(order_, [fields](std::uint32_t a, std::uint32_t b) {
    const auto by_name = compare(fields[a].name(), fields[b].name());
    return by_name != 0 ? by_name < 0 : a > b;
  });
  for (const message::Field& field : fields) octets_ += field.raw().size();
}

std::pair<std::size_t, std::size_t> HeaderFields::range(ByteView name) const {
  const auto name_of = [this](std::uint32_t index) { return fields_[index].name(); };
  const auto less = [](ByteView a, ByteView b) { return compare(a, b) < 0; };
  const auto found = std::ranges::equal_range(order_, name, less, name_of);
  const auto first = static_cast<std::size_t>(found.begin() - order_.begin());
  return {first, first + found.size()};
}

std::size_t HeaderFields::count(ByteView name) const {
  const auto [first, last] = range(name);
  return last - first;
}

std::vector<std::uint32_t> HeaderFields::select(std::span<const std::string> names, std::uint32_t own) const {
  std::vector<std::uint32_t> out;
  out.reserve(names.size());
  std::vector<std::uint32_t> taken(order_.size());  // how many of a name, at its first place in order_
  for (const std::string& name : names) {
    const auto [first, last] = range(name);
    if (first == last) continue;
    std::uint32_t& next = taken[first];
    if (first + next < last && order_[first + next] == own) ++next;
    if (first + next < last) out.push_back(order_[first + next++]);
  }
  return out;
}

std::string HeaderFields::canonical(Canon canon, std::span<const std::uint32_t> selected) const {
  std::size_t size = 0;
  for (const std::uint32_t index : selected) size += fields_[index].raw().size() + 2;
  std::string out;
  out.reserve(size + 1024);  // a signature is to follow
  for (const std::uint32_t index : selected) append_canonical(out, canon, fields_[index]);
  return out;
}

}  // namespace chappe::trust::dkim
