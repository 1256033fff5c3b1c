// Signing of zones (RFC 4034, RFC 5155), by libldns, which stays in sign.cc. One key signs everything: a combined
// signing key of algorithm 13, ECDSA P-256 (RFC 6605). The same key and zone give the same DNSKEY, DS and proofs; the
// signatures themselves differ from run to run, for ECDSA has randomness in them.
//
// Signing a large zone takes long (some 0.1 ms a set): not on a shard. Functions are safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "dns/record.h"

namespace chappe::dns {

class ZoneKey {
 public:
  // A new one. The same random octets make the same key.
  static Result<ZoneKey> make(Random& random);
  // "Private-key-format: v1.2 ...", as ldns-keygen and dnssec-keygen write it; algorithm 13. Errc::invalid.
  static Result<ZoneKey> parse(const crypto::Secret& text);

  const crypto::Secret& text() const { return text_; }
  // The RDATA of its DNSKEY.
  const Bytes& dnskey() const { return dnskey_; }

 private:
  explicit ZoneKey(crypto::Secret text) : text_(std::move(text)) {}

  crypto::Secret text_;
  Bytes dnskey_;
};

// Of the RDATA of a DNSKEY (RFC 4034 appendix B).
std::uint16_t key_tag(ByteView dnskey);
// The record that the zone above is given for a DNSKEY (SHA-256, RFC 4509 §2).
Record ds_of(const Name& zone, ByteView dnskey, std::uint32_t ttl = 3600);

struct SignOptions {
  enum class Proof : std::uint8_t { nsec, nsec3 };
  Proof proof = Proof::nsec;
  bool opt_out = false;  // NSEC3: leave unsigned delegations out (RFC 5155 §6)
  // NSEC3. RFC 9276 §3.1: no iterations, no salt.
  std::uint16_t iterations = 0;
  Bytes salt;
  Time from, until;  // the signatures hold between these
};

// The records of a zone with a DNSKEY, RRSIG, NSEC or NSEC3 records beside them. The apex is where the SOA stands.
// Errc::invalid: no zone, or signed already.
Result<std::vector<Record>> sign_zone(const std::vector<Record>& records, const ZoneKey& key,
                                      const SignOptions& options);

}  // namespace chappe::dns
