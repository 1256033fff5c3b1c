#include "dns/record.h"

#include <arpa/inet.h>

#include <algorithm>

namespace chappe::dns {
namespace {

template <class Address>
Address address_of(ByteView rdata) {
  Address out;
  std::copy_n(rdata.begin(), std::min(rdata.size(), out.octets.size()), out.octets.begin());
  return out;
}

Bytes counted(WireReader& in) { return Bytes(in.bytes(in.u8())); }
Bytes rest(WireReader& in) { return Bytes(in.bytes(in.left())); }

std::vector<Type> types_of(WireReader& in) {
  std::vector<Type> out;
  while (in.ok() && in.left() > 0) {
    const unsigned window = in.u8();
    const ByteView bits = in.bytes(in.u8());
    for (unsigned bit = 0; bit < 8 * bits.size(); ++bit)
      if (static_cast<unsigned char>(bits[bit / 8]) & (0x80u >> bit % 8))
        out.push_back(static_cast<Type>(window << 8 | bit));
  }
  return out;
}

}  // namespace

std::vector<RRset> sets_of(const std::vector<Record>& records) {
  struct Key {
    Name name;
    Type type, covered;
    auto operator<=>(const Key&) const = default;
  };
  std::vector<RRset> out;
  std::map<Key, std::size_t> places;
  for (const Record& r : records) {
    const Type covered = r.type == Type::rrsig ? Rrsig::of(r.rdata).covered : Type{};
    const auto [at, fresh] = places.try_emplace({r.name, r.type, covered}, out.size());
    if (fresh) out.push_back({r.name, r.type, r.ttl, {}});
    RRset& set = out[at->second];
    set.ttl = std::min(set.ttl, r.ttl);
    set.rdata.push_back(r.rdata);
  }
  // RFC 2181 §5: the same RDATA cannot stand in a set twice.
  for (RRset& set : out) {
    std::map<Bytes, bool> seen;
    std::erase_if(set.rdata, [&](const Bytes& r) { return std::exchange(seen[canonical_rdata(set.type, r)], true); });
  }
  return out;
}

void append_set(std::vector<Record>& out, const RRset& set, const Name& owner) {
  for (const Bytes& rdata : set.rdata) out.push_back({owner, set.type, set.ttl, rdata});
}

A A::of(ByteView rdata) { return address_of<A>(rdata); }
Aaaa Aaaa::of(ByteView rdata) { return address_of<Aaaa>(rdata); }

std::string A::text() const { return rdata_to_text(kType, {reinterpret_cast<const char*>(octets.data()), 4}); }
std::string Aaaa::text() const { return rdata_to_text(kType, {reinterpret_cast<const char*>(octets.data()), 16}); }

Mx Mx::of(ByteView rdata) {
  WireReader in(rdata);
  Mx out;
  out.preference = in.u16();
  out.exchange = in.name();
  return out;
}

Txt Txt::of(ByteView rdata) {
  WireReader in(rdata);
  Txt out;
  while (in.ok() && in.left() > 0) out.strings.push_back(counted(in));
  return out;
}

Bytes Txt::joined(ByteView rdata) {
  WireReader in(rdata);
  Bytes out;
  out.reserve(rdata.size());
  while (in.ok() && in.left() > 0) out += in.bytes(in.u8());
  return out;
}

Soa Soa::of(ByteView rdata) {
  WireReader in(rdata);
  Soa out;
  out.mname = in.name();
  out.rname = in.name();
  out.serial = in.u32();
  out.refresh = in.u32();
  out.retry = in.u32();
  out.expire = in.u32();
  out.minimum = in.u32();
  return out;
}

Srv Srv::of(ByteView rdata) {
  WireReader in(rdata);
  Srv out;
  out.priority = in.u16();
  out.weight = in.u16();
  out.port = in.u16();
  out.target = in.name();
  return out;
}

Tlsa Tlsa::of(ByteView rdata) {
  WireReader in(rdata);
  Tlsa out;
  out.usage = in.u8();
  out.selector = in.u8();
  out.matching = in.u8();
  out.data = rest(in);
  return out;
}

Caa Caa::of(ByteView rdata) {
  WireReader in(rdata);
  Caa out;
  out.flags = in.u8();
  out.tag = counted(in);
  out.value = rest(in);
  return out;
}

Ds Ds::of(ByteView rdata) {
  WireReader in(rdata);
  Ds out;
  out.key_tag = in.u16();
  out.algorithm = in.u8();
  out.digest_type = in.u8();
  out.digest = rest(in);
  return out;
}

Dnskey Dnskey::of(ByteView rdata) {
  WireReader in(rdata);
  Dnskey out;
  out.flags = in.u16();
  out.protocol = in.u8();
  out.algorithm = in.u8();
  out.key = rest(in);
  return out;
}

Rrsig Rrsig::of(ByteView rdata) {
  WireReader in(rdata);
  Rrsig out;
  out.covered = static_cast<Type>(in.u16());
  out.algorithm = in.u8();
  out.labels = in.u8();
  out.original_ttl = in.u32();
  out.expiration = in.u32();
  out.inception = in.u32();
  out.key_tag = in.u16();
  out.signer = in.name();
  out.signature = rest(in);
  return out;
}

Nsec Nsec::of(ByteView rdata) {
  WireReader in(rdata);
  Nsec out;
  out.next = in.name();
  out.types = types_of(in);
  return out;
}

Nsec3 Nsec3::of(ByteView rdata) {
  WireReader in(rdata);
  Nsec3 out;
  out.hash = in.u8();
  out.flags = in.u8();
  out.iterations = in.u16();
  out.salt = counted(in);
  out.next = counted(in);
  out.types = types_of(in);
  return out;
}

Nsec3param Nsec3param::of(ByteView rdata) {
  WireReader in(rdata);
  Nsec3param out;
  out.hash = in.u8();
  out.flags = in.u8();
  out.iterations = in.u16();
  out.salt = counted(in);
  return out;
}

}  // namespace chappe::dns
