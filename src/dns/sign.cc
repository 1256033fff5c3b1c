#include "dns/sign.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "codec/base64.h"
#include "crypto/digest.h"
#include "dns/message.h"

namespace chappe::dns {
namespace {

constexpr std::size_t kScalar = 32;
constexpr std::uint8_t kSha256 = 2;  // RFC 4509 §5

template <auto free>
struct Free {
  template <class T>
  void operator()(T* p) const {
    free(p);
  }
};
using Key = std::unique_ptr<ldns_key, Free<ldns_key_deep_free>>;
using Rr = std::unique_ptr<ldns_rr, Free<ldns_rr_free>>;
// The list of new records does not own them: they are the zone's.
using RrList = std::unique_ptr<ldns_rr_list, Free<ldns_rr_list_free>>;
using DnssecZone = std::unique_ptr<ldns_dnssec_zone, Free<ldns_dnssec_zone_deep_free>>;
using KeyList = std::unique_ptr<ldns_key_list, Free<ldns_key_list_free>>;  // owns its keys
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

std::unexpected<Error> refused(std::string_view doing, ldns_status status) {
  return fail(Errc::invalid, "{}: {}", doing, ldns_get_errorstr_by_id(status));
}

Result<Rr> to_ldns(const Record& r) {
  WireWriter out;
  out.name(r.name);
  out.u16(static_cast<std::uint16_t>(r.type));
  out.u16(kClassIn);
  out.u32(r.ttl);
  out.u16(static_cast<std::uint16_t>(r.rdata.size()));
  out.bytes(r.rdata);
  const Bytes wire = std::move(out).take();
  ldns_rr* made = nullptr;
  std::size_t at = 0;
  const ldns_status status =
      ldns_wire2rr(&made, reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size(), &at, LDNS_SECTION_ANSWER);
  if (status != LDNS_STATUS_OK) return refused(r.name.text() + ' ' + type_name(r.type), status);
  return Rr(made);
}

Result<Record> from_ldns(const ldns_rr* rr) {
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  const ldns_status status = ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &size);
  if (status != LDNS_STATUS_OK) return refused("a new record", status);
  const std::unique_ptr<std::uint8_t, Free<std::free>> owned(wire);
  WireReader in(ByteView(reinterpret_cast<const char*>(wire), size));
  Record out;
  out.name = in.name();
  out.type = static_cast<Type>(in.u16());
  in.u16();
  out.ttl = in.u32();
  out.rdata = read_rdata(in, out.type, in.u16());
  if (!in.ok()) return fail(Errc::bug, "the signer made a record that is not well-formed");
  return out;
}

bool whole_scalar(std::string_view text) {
  constexpr std::string_view kField = "PrivateKey: ";
  const auto at = text.find(kField);
  if (at == text.npos) return false;
  const auto rest = text.substr(at + kField.size());
  auto octets = codec::base64_decode(trim(rest.substr(0, rest.find('\n'))));
  const bool whole = octets && octets->size() == kScalar;
  if (octets) crypto::wipe(octets->data(), octets->size());
  return whole;
}

Result<Key> key_of(const crypto::Secret& text) {
  // ldns takes a scalar that is cut short for a small one.
  if (!whole_scalar(text.reveal())) return fail(Errc::invalid, "the key has no PrivateKey of 32 octets");
  const File file(fmemopen(const_cast<char*>(text.reveal().data()), text.size(), "r"));
  ldns_key* made = nullptr;
  const ldns_status status = file ? ldns_key_new_frm_fp(&made, file.get()) : LDNS_STATUS_FILE_ERR;
  if (status != LDNS_STATUS_OK) return refused("the key", status);
  Key key(made);
  if (ldns_key_algorithm(key.get()) != LDNS_SIGN_ECDSAP256SHA256)
    return fail(Errc::unsupported, "only keys of algorithm 13 (ECDSAP256SHA256) are signed with");
  // RFC 4034 §2.1.1: a zone key that is also an entry point.
  ldns_key_set_flags(key.get(), LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
  return key;
}

std::uint32_t seconds(Time t) { return static_cast<std::uint32_t>(t.us / 1'000'000); }

int renew(ldns_rr*, void*) { return LDNS_SIGNATURE_REMOVE_ADD_NEW; }

ldns_status sign(ldns_dnssec_zone* zone, ldns_rr_list* made, ldns_key_list* keys, const SignOptions& options) {
  if (options.proof == SignOptions::Proof::nsec) return ldns_dnssec_zone_sign_flg(zone, made, keys, renew, nullptr, 0);
  Bytes salt = options.salt;
  return ldns_dnssec_zone_sign_nsec3_flg_mkmap(zone, made, keys, renew, nullptr, LDNS_SHA1, options.opt_out ? 1 : 0,
                                               options.iterations, static_cast<std::uint8_t>(salt.size()),
                                               reinterpret_cast<std::uint8_t*>(salt.data()), 0, nullptr);
}

}  // namespace

Result<ZoneKey> ZoneKey::make(Random& random) {
  // An octet string that is no scalar of the curve is refused; that has a chance of 1 in 2^32.
  return parse(
      crypto::Secret::take(fmt::format("Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: {}\n",
                                       codec::base64_encode(random.bytes(kScalar)))));
}

Result<ZoneKey> ZoneKey::parse(const crypto::Secret& text) {
  const Key key = TRY(key_of(text));
  const Rr rr(ldns_key2rr(key.get()));
  if (!rr) return fail(Errc::invalid, "the key has no public part");
  const ldns_rdf* octets = ldns_rr_rdf(rr.get(), 3);
  ZoneKey out(text.clone());
  // RFC 4034 §2.1
  out.dnskey_ =
      Bytes("\x01\x01\x03\x0d", 4) + Bytes(reinterpret_cast<const char*>(ldns_rdf_data(octets)), ldns_rdf_size(octets));
  return out;
}

std::uint16_t key_tag(ByteView dnskey) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < dnskey.size(); ++i)
    sum += static_cast<std::uint32_t>(static_cast<unsigned char>(dnskey[i])) << (i % 2 ? 0 : 8);
  return static_cast<std::uint16_t>(sum + (sum >> 16));
}

Record ds_of(const Name& zone, ByteView dnskey, std::uint32_t ttl) {
  WireWriter out;
  out.u16(key_tag(dnskey));
  out.u8(Dnskey::of(dnskey).algorithm);
  out.u8(kSha256);
  // RFC 4034 §5.1.4
  out.bytes(crypto::sha256(Bytes(zone.lower().wire()) + Bytes(dnskey)).view());
  return {zone, Type::ds, ttl, std::move(out).take()};
}

Result<std::vector<Record>> sign_zone(const std::vector<Record>& records, const ZoneKey& key,
                                      const SignOptions& options) {
  const auto soa = std::ranges::find(records, Type::soa, &Record::type);
  if (soa == records.end()) return fail(Errc::invalid, "the zone has no SOA; put one at its top");
  if (options.salt.size() > 255)
    return fail(Errc::invalid, "a salt of {} octets; 255 is the limit", options.salt.size());
  std::vector<Record> all = records;
  all.push_back({soa->name, Type::dnskey, soa->ttl, key.dnskey()});

  const DnssecZone zone(ldns_dnssec_zone_new());
  // The SOA first: it says where the apex is.
  std::ranges::partition(all, [](const Record& r) { return r.type == Type::soa; });
  for (const Record& r : all) {
    if (r.type == Type::rrsig || r.type == Type::nsec || r.type == Type::nsec3)
      return fail(Errc::invalid, "the zone is signed already; give the one without signatures");
    Rr rr = TRY(to_ldns(r));
    const ldns_status status = ldns_dnssec_zone_add_rr(zone.get(), rr.get());
    if (status != LDNS_STATUS_OK) return refused(r.name.text(), status);
    (void)rr.release();
  }
  ldns_dnssec_zone_mark_glue(zone.get());

  const KeyList keys(ldns_key_list_new());
  Key own = TRY(key_of(key.text()));
  ldns_key_set_inception(own.get(), seconds(options.from));
  ldns_key_set_expiration(own.get(), seconds(options.until));
  const Rr apex = TRY(to_ldns(*soa));
  ldns_key_set_pubkey_owner(own.get(), ldns_rdf_clone(ldns_rr_owner(apex.get())));
  ldns_key_set_keytag(own.get(), key_tag(key.dnskey()));
  ldns_key_list_push_key(keys.get(), own.release());

  const RrList made(ldns_rr_list_new());
  const ldns_status status = sign(zone.get(), made.get(), keys.get(), options);
  if (status != LDNS_STATUS_OK) return refused("signing", status);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(made.get()); ++i)
    all.push_back(TRY(from_ldns(ldns_rr_list_rr(made.get(), i))));
  return all;
}

}  // namespace chappe::dns
