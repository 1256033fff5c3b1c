#include "dns/rdata_layout.h"

namespace chappe::dns {
namespace {

using enum Field;
using enum Names;

constexpr Layout kLayouts[] = {
    {Type::a, "A", plain, {ipv4}},                                                              // RFC 1035 §3.4.1
    {Type::ns, "NS", compressed, {name}},                                                       // RFC 1035 §3.3.11
    {Type::cname, "CNAME", compressed, {name}},                                                 // RFC 1035 §3.3.1
    {Type::soa, "SOA", compressed, {name, name, u32, period, period, period, period}},          // RFC 1035 §3.3.13
    {Type::ptr, "PTR", compressed, {name}},                                                     // RFC 1035 §3.3.12
    {Type::hinfo, "HINFO", plain, {string, string}},                                            // RFC 1035 §3.3.2
    {Type::mx, "MX", compressed, {u16, name}},                                                  // RFC 1035 §3.3.9
    {Type::txt, "TXT", plain, {strings}},                                                       // RFC 1035 §3.3.14
    {Type::rp, "RP", folded, {name, name}},                                                     // RFC 1183 §2.2
    {Type::aaaa, "AAAA", plain, {ipv6}},                                                        // RFC 3596 §2.2
    {Type::srv, "SRV", folded, {u16, u16, u16, name}},                                          // RFC 2782
    {Type::naptr, "NAPTR", folded, {u16, u16, string, string, string, name}},                   // RFC 3403 §4.1
    {Type::dname, "DNAME", folded, {name}},                                                     // RFC 6672 §2.1
    {Type::ds, "DS", plain, {u16, u8, u8, hex}},                                                // RFC 4034 §5.1
    {Type::sshfp, "SSHFP", plain, {u8, u8, hex}},                                               // RFC 4255 §3.1
    {Type::rrsig, "RRSIG", folded, {Field::type, u8, u8, u32, time, time, u16, name, base64}},  // RFC 4034 §3.1
    {Type::nsec, "NSEC", plain, {name, types}},                                                 // RFC 4034 §4.1
    {Type::dnskey, "DNSKEY", plain, {u16, u8, u8, base64}},                                     // RFC 4034 §2.1
    {Type::nsec3, "NSEC3", plain, {u8, u8, u16, salt, hash, types}},                            // RFC 5155 §3.2
    {Type::nsec3param, "NSEC3PARAM", plain, {u8, u8, u16, salt}},                               // RFC 5155 §4.2
    {Type::tlsa, "TLSA", plain, {u8, u8, u8, hex}},                                             // RFC 6698 §2.1
    {Type::smimea, "SMIMEA", plain, {u8, u8, u8, hex}},                                         // RFC 8162 §2
    {Type::cds, "CDS", plain, {u16, u8, u8, hex}},                                              // RFC 7344 §3.1
    {Type::cdnskey, "CDNSKEY", plain, {u16, u8, u8, base64}},                                   // RFC 7344 §3.2
    {Type::openpgpkey, "OPENPGPKEY", plain, {base64}},                                          // RFC 7929 §2
    {Type::spf, "SPF", plain, {strings}},                                                       // RFC 4408 §3.1.1
    {Type::caa, "CAA", plain, {u8, tag, value}},                                                // RFC 8659 §4.1
};

}  // namespace

std::span<const Layout> layouts() { return kLayouts; }

const Layout* layout_of(Type type) {
  for (const Layout& l : kLayouts)
    if (l.type == type) return &l;
  return nullptr;
}

}  // namespace chappe::dns
