#include "dns/tree.h"

#include <algorithm>

namespace chappe::dns {

const RRset* Tree::Node::find(Type type) const {
  const auto at = std::ranges::find(sets, type, &RRset::type);
  return at == sets.end() ? nullptr : &*at;
}

const RRset* Tree::Node::signatures(Type covered) const {
  for (const RRset& set : sets)
    if (set.type == Type::rrsig && Rrsig::of(set.rdata.front()).covered == covered) return &set;
  return nullptr;
}

void Tree::add(RRset set) { nodes_[set.name].sets.push_back(std::move(set)); }

const Tree::Node* Tree::at(const Name& name) const {
  const auto at = nodes_.find(name);
  return at == nodes_.end() ? nullptr : &at->second;
}

bool Tree::exists(const Name& name) const {
  // What is below a name follows it directly in the canonical order.
  const auto at = nodes_.lower_bound(name);
  return at != nodes_.end() && at->first.under(name);
}

Tree::Found Tree::find(const Name& name) const {
  const auto after = nodes_.lower_bound(name);
  if (after != nodes_.end() && after->first.under(name))
    return {.exists = true, .node = after->first == name ? &after->second : nullptr, .encloser = name};
  // The closest encloser is shared with a neighbour in the canonical order.
  std::size_t common = 0;
  if (after != nodes_.end()) common = after->first.common_labels(name);
  if (after != nodes_.begin()) common = std::max(common, std::prev(after)->first.common_labels(name));
  Found found{.encloser = name.suffix(common)};
  if (const auto star = found.encloser.wildcard()) found.node = at(*star);
  found.wildcard = found.node != nullptr;
  return found;
}

Tree::Map::const_iterator Tree::lowest_with(Type type, const Name& name) const {
  for (Name at = name;; at = at.parent()) {
    const auto node = nodes_.find(at);
    if (node != nodes_.end() && node->second.find(type)) return node;
    if (at.is_root()) return nodes_.end();
  }
}

}  // namespace chappe::dns
