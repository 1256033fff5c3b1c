// The proofs of a signed zone that something is not there. Part of a Zone (zone.h); its nodes must outlive it.
#pragma once

#include <map>
#include <vector>

#include "dns/tree.h"

namespace chappe::dns {

// The hash of a name that NSEC3 records go by (RFC 5155 §5): SHA-1, salted, iterated.
Bytes nsec3_hash(const Name& name, ByteView salt, std::uint16_t iterations);

class Denial {
 public:
  // More iterations than that are not made for anybody's question (RFC 9276 §3.1 asks for none).
  static constexpr std::uint16_t kMaxIterations = 150;

  // An NSEC3 record or its signatures.
  void add_nsec3(RRset set);
  // Looks for NSEC in the tree, or for NSEC3PARAM at the apex.
  void index(const Tree& tree, const Name& apex);
  // Whether the zone has proofs at all.
  bool possible() const { return !nsec_.empty() || hashed(); }

  // Each appends NSEC or NSEC3 records with their signatures to `out`, none of them twice.
  // The name is there, without the type (RFC 4035 §3.1.3.1, RFC 5155 §7.2.3, §7.2.4).
  void no_type(const Name& name, std::vector<Record>& out) const;
  // Neither the name is there, nor a wildcard at `encloser` (RFC 4035 §3.1.3.2, RFC 5155 §7.2.2).
  void no_name(const Name& name, const Name& encloser, std::vector<Record>& out) const;
  // The name is not there, so the wildcard at `encloser` stood for it (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6).
  void expanded(const Name& name, const Name& encloser, std::vector<Record>& out) const;
  // That, and the wildcard does not have the type (RFC 4035 §3.1.3.4, RFC 5155 §7.2.5).
  void wildcard_no_type(const Name& name, const Name& encloser, std::vector<Record>& out) const;

 private:
  struct Link {
    RRset set;
    std::vector<RRset> signatures;
  };
  using Chain = std::map<Bytes, Link>;  // by the hash in the owner's first label

  static void append_link(std::vector<Record>& out, const Link& link);
  bool hashed() const { return !nsec3_.empty(); }
  // NSEC: the record whose owner is the name, or comes before it.
  void at_or_before(const Name& name, std::vector<Record>& out) const;
  // NSEC3
  Bytes hash(const Name& name) const { return nsec3_hash(name, salt_, iterations_); }
  bool match(const Name& name, std::vector<Record>& out) const;
  void cover(const Name& name, std::vector<Record>& out) const;
  // The closest encloser that has an NSEC3, and the name one label longer covered (RFC 5155 §7.2.1).
  void closest_encloser(const Name& name, std::vector<Record>& out) const;

  Name apex_;
  std::vector<Tree::Map::const_iterator> nsec_;  // in canonical order
  Chain nsec3_;
  Bytes salt_;
  std::uint16_t iterations_ = 0;
};

}  // namespace chappe::dns
