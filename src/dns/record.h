// Records and sets of records (RFC 2181 §5), and what the common types hold, as values to work with. Only class IN.
// Any thread; nothing blocks.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dns/name.h"
#include "dns/rdata.h"

namespace chappe::dns {

struct Record {
  Name name;
  Type type{};
  std::uint32_t ttl = 0;
  Bytes rdata;
};

// All records of one name and type. They share a TTL (RFC 2181 §5.2).
struct RRset {
  Name name;
  Type type{};
  std::uint32_t ttl = 0;
  std::vector<Bytes> rdata;

  bool empty() const { return rdata.empty(); }
  // Each as a T, one of the structures below; type must be T::kType.
  template <class T>
  std::vector<T> as() const {
    std::vector<T> out;
    out.reserve(rdata.size());
    for (const Bytes& r : rdata) out.push_back(T::of(r));
    return out;
  }
};

// Puts records of the same name and type together, in order of their first; the smallest TTL holds, and what stands
// twice is kept once. RRSIGs are told apart by the type that they cover.
std::vector<RRset> sets_of(const std::vector<Record>& records);

// The other way: the records of a set, owned by `owner`, behind what is there.
void append_set(std::vector<Record>& out, const RRset& set, const Name& owner);

// Each `of` takes RDATA that is well-formed for its type.

struct A {
  static constexpr Type kType = Type::a;
  std::array<unsigned char, 4> octets{};
  static A of(ByteView rdata);
  std::string text() const;
};

struct Aaaa {
  static constexpr Type kType = Type::aaaa;
  std::array<unsigned char, 16> octets{};
  static Aaaa of(ByteView rdata);
  std::string text() const;
};

// NS, CNAME, PTR and DNAME: a name and nothing else.
template <Type type>
struct Pointer {
  static constexpr Type kType = type;
  Name target;
  static Pointer of(ByteView rdata) { return {WireReader(rdata).name()}; }
};
using Ns = Pointer<Type::ns>;
using Cname = Pointer<Type::cname>;
using Ptr = Pointer<Type::ptr>;
using Dname = Pointer<Type::dname>;

struct Mx {
  static constexpr Type kType = Type::mx;
  std::uint16_t preference = 0;
  Name exchange;
  static Mx of(ByteView rdata);
};

struct Txt {
  static constexpr Type kType = Type::txt;
  std::vector<Bytes> strings;
  static Txt of(ByteView rdata);
  // The strings of such RDATA one behind the other, as SPF, DKIM and DMARC read them (RFC 7208 §3.3).
  static Bytes joined(ByteView rdata);
};

struct Soa {
  static constexpr Type kType = Type::soa;
  Name mname, rname;
  std::uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0;
  static Soa of(ByteView rdata);
};

struct Srv {
  static constexpr Type kType = Type::srv;
  std::uint16_t priority = 0, weight = 0, port = 0;
  Name target;
  static Srv of(ByteView rdata);
};

struct Tlsa {
  static constexpr Type kType = Type::tlsa;
  std::uint8_t usage = 0, selector = 0, matching = 0;
  Bytes data;
  static Tlsa of(ByteView rdata);
};

struct Caa {
  static constexpr Type kType = Type::caa;
  std::uint8_t flags = 0;
  std::string tag;
  Bytes value;
  static Caa of(ByteView rdata);
};

struct Ds {
  static constexpr Type kType = Type::ds;
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0, digest_type = 0;
  Bytes digest;
  static Ds of(ByteView rdata);
};

struct Dnskey {
  static constexpr Type kType = Type::dnskey;
  std::uint16_t flags = 0;
  std::uint8_t protocol = 0, algorithm = 0;
  Bytes key;
  static Dnskey of(ByteView rdata);
};

struct Rrsig {
  static constexpr Type kType = Type::rrsig;
  Type covered{};
  std::uint8_t algorithm = 0, labels = 0;
  std::uint32_t original_ttl = 0, expiration = 0, inception = 0;
  std::uint16_t key_tag = 0;
  Name signer;
  Bytes signature;
  static Rrsig of(ByteView rdata);
};

struct Nsec {
  static constexpr Type kType = Type::nsec;
  Name next;
  std::vector<Type> types;
  static Nsec of(ByteView rdata);
};

// `hash` is the algorithm; 1 is SHA-1 (RFC 5155 §11).
struct Nsec3 {
  static constexpr Type kType = Type::nsec3;
  std::uint8_t hash = 0, flags = 0;
  std::uint16_t iterations = 0;
  Bytes salt, next;
  std::vector<Type> types;
  static Nsec3 of(ByteView rdata);
};

struct Nsec3param {
  static constexpr Type kType = Type::nsec3param;
  std::uint8_t hash = 0, flags = 0;
  std::uint16_t iterations = 0;
  Bytes salt;
  static Nsec3param of(ByteView rdata);
};

}  // namespace chappe::dns
