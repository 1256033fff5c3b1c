#include "dns/zone_denial.h"

#include <algorithm>

#include "crypto/digest.h"
#include "dns/base32.h"

namespace chappe::dns {
namespace {

bool has(const std::vector<Record>& records, const Name& owner, Type type) {
  return std::ranges::any_of(records, [&](const Record& r) { return r.type == type && r.name == owner; });
}

}  // namespace

Bytes nsec3_hash(const Name& name, ByteView salt, std::uint16_t iterations) {
  Bytes value(name.lower().wire());
  for (unsigned i = 0; i <= iterations; ++i) {
    const auto sum = crypto::sha1(value + Bytes(salt));
    value.assign(sum.data(), sum.size());
  }
  return value;
}

void Denial::add_nsec3(RRset set) {
  const auto owner_hash = base32hex_decode(set.name.labels().front());
  if (!owner_hash) return;  // nothing can ever match it
  Link& link = nsec3_[*owner_hash];
  if (set.type == Type::nsec3) {
    link.set = std::move(set);
  } else {
    link.signatures.push_back(std::move(set));
  }
}

void Denial::index(const Tree& tree, const Name& apex) {
  apex_ = apex;
  for (auto at = tree.nodes().begin(); at != tree.nodes().end(); ++at)
    if (at->second.find(Type::nsec)) nsec_.push_back(at);
  std::erase_if(nsec3_, [](const auto& entry) { return entry.second.set.empty(); });
  const Tree::Node* top = tree.at(apex);
  const RRset* param = top ? top->find(Type::nsec3param) : nullptr;
  if (!param || Nsec3param::of(param->rdata.front()).hash != 1) {
    nsec3_.clear();
    return;
  }
  const Nsec3param values = Nsec3param::of(param->rdata.front());
  salt_ = values.salt;
  iterations_ = values.iterations;
}

void Denial::at_or_before(const Name& name, std::vector<Record>& out) const {
  auto at = std::ranges::upper_bound(
      nsec_, name, [](const Name& a, const Name& b) { return (a <=> b) < 0; },
      [](const auto& node) -> const Name& { return node->first; });
  if (at == nsec_.begin()) return;
  const auto& [owner, node] = **std::prev(at);
  if (has(out, owner, Type::nsec)) return;
  append_set(out, *node.find(Type::nsec), owner);
  if (const RRset* signatures = node.signatures(Type::nsec)) append_set(out, *signatures, owner);
}

void Denial::append_link(std::vector<Record>& out, const Link& link) {
  if (has(out, link.set.name, Type::nsec3)) return;
  append_set(out, link.set, link.set.name);
  for (const RRset& s : link.signatures) append_set(out, s, s.name);
}

bool Denial::match(const Name& name, std::vector<Record>& out) const {
  const auto at = nsec3_.find(hash(name));
  if (at == nsec3_.end()) return false;
  append_link(out, at->second);
  return true;
}

void Denial::cover(const Name& name, std::vector<Record>& out) const {
  auto at = nsec3_.upper_bound(hash(name));
  // The last one reaches over the end to the first.
  append_link(out, (at == nsec3_.begin() ? std::prev(nsec3_.end()) : std::prev(at))->second);
}

void Denial::closest_encloser(const Name& name, std::vector<Record>& out) const {
  for (std::size_t n = name.label_count(); n > apex_.label_count(); --n) {
    if (!match(name.suffix(n - 1), out)) continue;
    cover(name.suffix(n), out);
    return;
  }
}

void Denial::no_type(const Name& name, std::vector<Record>& out) const {
  if (!hashed()) {
    at_or_before(name, out);
  } else if (!match(name, out)) {
    closest_encloser(name, out);  // RFC 5155 §7.2.4: opted out
  }
}

void Denial::no_name(const Name& name, const Name& encloser, std::vector<Record>& out) const {
  const auto wildcard = encloser.wildcard();
  if (hashed()) {
    closest_encloser(name, out);
    if (wildcard) cover(*wildcard, out);
  } else {
    at_or_before(name, out);
    if (wildcard) at_or_before(*wildcard, out);
  }
}

void Denial::expanded(const Name& name, const Name& encloser, std::vector<Record>& out) const {
  if (hashed()) {
    cover(name.suffix(encloser.label_count() + 1), out);
  } else {
    at_or_before(name, out);
  }
}

void Denial::wildcard_no_type(const Name& name, const Name& encloser, std::vector<Record>& out) const {
  const auto wildcard = encloser.wildcard();
  if (!wildcard) return;
  if (hashed()) {
    closest_encloser(name, out);
    match(*wildcard, out);
  } else {
    at_or_before(name, out);
    at_or_before(*wildcard, out);
  }
}

}  // namespace chappe::dns
