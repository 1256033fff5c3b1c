// Sets of UIDs as ranges: what FETCH, STORE and EXPUNGE name, and what a change row tells. A value.
#pragma once

#include <cstdint>
#include <vector>

#include "post/ids.h"

namespace chappe::post {

// Never 0 for a message; strictly ascending within a mailbox and never given twice. RFC 9051 §2.3.1.1
using Uid = Id<struct UidTag>;

class UidSet {
 public:
  struct Range {
    std::uint32_t first;
    std::uint32_t last;  // inclusive
    bool operator==(const Range&) const = default;
  };

  UidSet() = default;
  UidSet(std::initializer_list<std::uint32_t> uids) {
    for (const auto u : uids) add(u, u);
  }
  static UidSet all() { return range(1, ~std::uint32_t{0}); }
  static UidSet range(std::uint32_t first, std::uint32_t last) {
    UidSet s;
    s.add(first, last);
    return s;
  }

  // In any order (`5:2` is 2:5), overlapping or not. Adding in ascending order costs O(1); otherwise O(ranges).
  void add(std::uint32_t first, std::uint32_t last);
  void add(Uid uid) { add(uid.value, uid.value); }
  bool contains(Uid uid) const;
  bool empty() const { return ranges_.empty(); }
  // How many UIDs it names.
  std::uint64_t count() const;
  // Ascending, not touching each other.
  const std::vector<Range>& ranges() const { return ranges_; }
  // Each UID it names; only for sets of known messages, never for what a client wrote.
  std::vector<Uid> uids() const;
  bool operator==(const UidSet&) const = default;

 private:
  std::vector<Range> ranges_;
};

}  // namespace chappe::post
