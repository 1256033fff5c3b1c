// Names and what each holds, in canonical order, and how a name is looked for among them: the closest encloser, names
// that only have others below them, and the wildcard (RFC 4592 §3.3.1). Knows no zone cuts; those are zone.h's.
// Built once, then read by any thread.
#pragma once

#include <map>
#include <vector>

#include "dns/record.h"

namespace chappe::dns {

class Tree {
 public:
  struct Node {
    std::vector<RRset> sets;  // RRSIGs: a set for each type that they cover

    const RRset* find(Type type) const;
    const RRset* signatures(Type covered) const;
  };
  using Map = std::map<Name, Node>;

  struct Found {
    bool exists = false;         // the name is there, or names below it are (an empty non-terminal)
    bool wildcard = false;       // it is not, and `node` is that of the wildcard that stands for it
    const Node* node = nullptr;  // null: nothing is here
    Name encloser;               // the longest name that exists and that the name looked for is under
  };

  void add(RRset set);
  Found find(const Name& name) const;
  // Null if the very name holds nothing.
  const Node* at(const Name& name) const;
  // Whether the name, or one below it, is there.
  bool exists(const Name& name) const;
  // The lowest node at or above `name` that holds `type`, with its name; end() if there is none.
  Map::const_iterator lowest_with(Type type, const Name& name) const;

  const Map& nodes() const { return nodes_; }

 private:
  Map nodes_;
};

}  // namespace chappe::dns
