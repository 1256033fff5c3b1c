// Sets of IP addresses of one family, as ranges that lie apart, in order. A value; any thread; nothing blocks. Each
// change takes time linear in the number of ranges.
#pragma once

#include <vector>

#include "trust/ip.h"

namespace chappe::trust {

struct IpRange {
  Ip first, last;
  bool operator==(const IpRange&) const = default;
};

class IpRanges {
 public:
  explicit IpRanges(bool v4) : v4_(v4) {}

  // A network of this family; what is behind the prefix does not matter.
  void add(const Ip& network, unsigned prefix);
  void add(const IpRanges& other);
  void add_everything();
  void remove(const IpRanges& other);

  bool empty() const { return ranges_.empty(); }
  // Whether all of a network is in the set.
  bool covers(const Ip& network, unsigned prefix) const;
  std::vector<IpRange> list() const;
  // How many addresses; exact for IPv4.
  double size() const;
  bool operator==(const IpRanges&) const = default;

 private:
  struct Span {
    Ip::Number first, last;
    bool operator==(const Span&) const = default;
  };
  Span span_of(const Ip& network, unsigned prefix) const;
  void add(Span span);

  bool v4_;
  std::vector<Span> ranges_;
};

// Both families.
struct IpSet {
  IpRanges v4{true}, v6{false};

  void add(const Ip& network, unsigned prefix) { (network.v4() ? v4 : v6).add(network, prefix); }
  void add(const IpSet& other) {
    v4.add(other.v4);
    v6.add(other.v6);
  }
  void remove(const IpSet& other) {
    v4.remove(other.v4);
    v6.remove(other.v6);
  }
  void add_everything() {
    v4.add_everything();
    v6.add_everything();
  }
  bool covers(const Ip& network, unsigned prefix) const { return (network.v4() ? v4 : v6).covers(network, prefix); }
};

}  // namespace chappe::trust
