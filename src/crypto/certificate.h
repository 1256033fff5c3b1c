// X.509 certificates where TLS itself is not concerned: making a self-signed one (`chappe local`), and reading what a
// file of certificates says (`chappe check`). PEM text in and out (RFC 7468); the profile is RFC 5280's.
//
// Pure functions, safe from any thread. make_self_signed blocks for a millisecond with P-256, a second with RSA.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace chappe::crypto {

enum class KeyType { p256, rsa2048 };

struct SelfSignedOptions {
  // Host names (A-labels) and IP addresses in their text form; all stand in subjectAltName. At least one, at most
  // kMaxCertificateNames.
  std::vector<std::string> names;
  Time not_before;
  Duration lifetime = std::chrono::hours(24 * 365);
  KeyType key = KeyType::p256;
};

struct KeyAndCertificate {
  Secret key_pem;  // PKCS #8, not encrypted
  std::string certificate_pem;
};

inline constexpr std::size_t kMaxCertificateNames = 100;
inline constexpr std::size_t kMaxCertificateText = 256 * 1024;  // octets of a PEM file
inline constexpr std::size_t kMaxCertificateChain = 20;

// A fresh key and a certificate for it, signed by itself, for TLS servers (extendedKeyUsage serverAuth).
// Errc::invalid: no name, or one that is neither a host name nor an address.
Result<KeyAndCertificate> make_self_signed(const SelfSignedOptions& options);

struct CertificateFacts {
  std::vector<std::string> dns_names;  // of subjectAltName, lower case
  std::vector<std::string> addresses;  // of subjectAltName, as inet_ntop writes them
  std::string subject;                 // RFC 2253 text
  std::string issuer;
  Time not_before;
  Time not_after;
  std::string key_type;  // "EC P-256", "RSA 2048", "ED25519"
  std::string sha256;    // of the DER form, hexadecimal
  bool self_signed = false;
  std::size_t chain = 1;  // certificates in the file, this one counted

  // Whether a client that asks for `host` (A-label or address text) accepts the names: an exact one, or `*.` for one
  // left-most label (RFC 9525 §6.3). The common name does not count.
  bool covers(std::string_view host) const;
};

// What the first certificate of `pem` says. Errc::invalid: no certificate, or one that cannot be read;
// Errc::too_large: over the limits above.
Result<CertificateFacts> certificate_facts(std::string_view pem);

// Whether the private key is the one of the first certificate. Errc::invalid: either cannot be read, or the key is
// encrypted.
Result<bool> key_matches(const Secret& key_pem, std::string_view certificate_pem);

}  // namespace chappe::crypto
