#include "crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "crypto/digest.h"

namespace chappe::crypto {
namespace {

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* p) const {
    kFree(p);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

// The last error that OpenSSL noted on this thread, whose list is cleared.
std::unexpected<Error> openssl_error(Errc code, std::string_view doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return fail(code, "{}: {}", doing, text.data());
}

// The octets of an address in text form: 4, 16, or none if it is not one.
std::string address_octets(const std::string& text) {
  std::array<char, 16> out{};
  if (text.find('\0') != std::string::npos) return {};
  if (inet_pton(AF_INET, text.c_str(), out.data()) == 1) return {out.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), out.data()) == 1) return {out.data(), 16};
  return {};
}

std::string address_text(ByteView octets) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if (octets.size() != 4 && octets.size() != 16) return {};
  return inet_ntop(family, octets.data(), out.data(), out.size()) ? std::string(out.data()) : std::string();
}

bool host_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > 253) return false;
  for (const auto label : split(name, '.')) {
    if (label.empty() || label.size() > 63) return false;
    for (const char c : label)
      if (!is_alnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

Pkey make_key(KeyType type) {
  if (type == KeyType::rsa2048) return Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  return Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
}

Bio reader(ByteView bytes) { return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

ByteView written(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, size > 0 ? static_cast<std::size_t>(size) : 0};
}

// A file without a pass phrase has no business to ask for one on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

bool add_extension(X509* cert, int nid, const char* value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, cert, cert, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &ctx, nid, value));
  return extension && X509_add_ext(cert, extension.get(), -1) == 1;
}

Result<> set_alt_names(X509* cert, const std::vector<std::string>& names) {
  const Names list(GENERAL_NAMES_new());
  for (const auto& name : names) {
    const std::string octets = address_octets(name);
    GENERAL_NAME* entry = GENERAL_NAME_new();
    if (octets.empty()) {
      ASN1_IA5STRING* text = ASN1_IA5STRING_new();
      const std::string lowered = to_lower(name);
      ASN1_STRING_set(text, lowered.data(), static_cast<int>(lowered.size()));
      GENERAL_NAME_set0_value(entry, GEN_DNS, text);
    } else {
      ASN1_OCTET_STRING* text = ASN1_OCTET_STRING_new();
      ASN1_STRING_set(text, octets.data(), static_cast<int>(octets.size()));
      GENERAL_NAME_set0_value(entry, GEN_IPADD, text);
    }
    sk_GENERAL_NAME_push(list.get(), entry);
  }
  if (X509_add1_ext_i2d(cert, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) != 1)
    return openssl_error(Errc::bug, "subjectAltName");
  return {};
}

bool set_serial(X509* cert) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive and not zero (RFC 5280 §4.1.2.2)
  BIGNUM* number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  const bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
  BN_free(number);
  return ok;
}

Result<Time> time_of(const ASN1_TIME* from) {
  std::tm parts{};
  if (!from || ASN1_TIME_to_tm(from, &parts) != 1) return openssl_error(Errc::invalid, "time of a certificate");
  return Time{static_cast<std::int64_t>(timegm(&parts)) * 1'000'000};
}

std::string name_text(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  return std::string(written(out.get()));
}

std::string key_text(const EVP_PKEY* key) {
  const char* type = key ? EVP_PKEY_get0_type_name(key) : nullptr;
  if (!type) return "unknown";
  if (EVP_PKEY_is_a(key, "EC")) {
    std::array<char, 64> group{};
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1) return "EC";
    const std::string_view name = group.data();
    return fmt::format("EC {}", name == "prime256v1" ? "P-256" : name == "secp384r1" ? "P-384" : name);
  }
  if (EVP_PKEY_is_a(key, "RSA")) return fmt::format("RSA {}", EVP_PKEY_get_bits(key));
  return type;
}

void read_alt_names(X509* cert, CertificateFacts& facts) {
  const Names list(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    int type = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list.get(), i), &type));
    if (type != GEN_DNS && type != GEN_IPADD) continue;
    const ByteView bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                         static_cast<std::size_t>(ASN1_STRING_length(value)));
    // A name with a NUL or other rubbish in it must not be cut into one that matches.
    if (type == GEN_DNS && host_name(bytes)) facts.dns_names.push_back(to_lower(bytes));
    if (type == GEN_IPADD && !address_text(bytes).empty()) facts.addresses.push_back(address_text(bytes));
  }
}

Result<Cert> first_certificate(BIO* in) {
  Cert cert(PEM_read_bio_X509(in, nullptr, no_passphrase, nullptr));
  if (!cert) return openssl_error(Errc::invalid, "no readable certificate");
  return cert;
}

}  // namespace

Result<KeyAndCertificate> make_self_signed(const SelfSignedOptions& options) {
  if (options.names.empty()) return fail(Errc::invalid, "a certificate needs a name");
  if (options.names.size() > kMaxCertificateNames)
    return fail(Errc::too_large, "over {} names in a certificate", kMaxCertificateNames);
  for (const auto& name : options.names)
    if (!host_name(name) && address_octets(name).empty())
      return fail(Errc::invalid, "not a host name or an address: {}", printable(name));
  const Pkey key = make_key(options.key);
  const Cert cert(X509_new());
  if (!key || !cert) return openssl_error(Errc::bug, "making a key");

  const auto seconds = [](Time t) { return static_cast<std::time_t>(t.us / 1'000'000); };
  X509_NAME* subject = X509_get_subject_name(cert.get());
  // 64 is the longest common name there is (RFC 5280 §A.1, ub-common-name); clients read subjectAltName.
  const std::string common = options.names.front().substr(0, 64);
  const bool filled =
      X509_set_version(cert.get(), X509_VERSION_3) == 1 && set_serial(cert.get()) &&
      ASN1_TIME_adj(X509_getm_notBefore(cert.get()), seconds(options.not_before), 0, 0) &&
      ASN1_TIME_adj(X509_getm_notAfter(cert.get()), seconds(options.not_before + options.lifetime), 0, 0) &&
      X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common.data()), static_cast<int>(common.size()),
                                 -1, 0) == 1 &&
      X509_set_issuer_name(cert.get(), subject) == 1 && X509_set_pubkey(cert.get(), key.get()) == 1;
  if (!filled) return openssl_error(Errc::bug, "filling a certificate");
  TRY(set_alt_names(cert.get(), options.names));
  // CA:TRUE, so that the very certificate can be given to a client as what it trusts.
  if (!add_extension(cert.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(cert.get(), NID_key_usage, "critical,digitalSignature,keyCertSign") ||
      !add_extension(cert.get(), NID_ext_key_usage, "serverAuth") ||
      !add_extension(cert.get(), NID_subject_key_identifier, "hash"))
    return openssl_error(Errc::bug, "certificate extensions");
  if (X509_sign(cert.get(), key.get(), EVP_sha256()) <= 0) return openssl_error(Errc::bug, "signing a certificate");

  // Secure memory is wiped when the BIO is freed; a plain BIO leaves the key in the heap.
  const Bio key_out(BIO_new(BIO_s_secmem()));
  const Bio cert_out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(cert_out.get(), cert.get()) != 1)
    return openssl_error(Errc::bug, "writing a certificate");
  return KeyAndCertificate{.key_pem = Secret(written(key_out.get())),
                           .certificate_pem = std::string(written(cert_out.get()))};
}

bool CertificateFacts::covers(std::string_view host) const {
  const std::string wanted = to_lower(host);
  const std::string octets = address_octets(wanted);
  if (!octets.empty()) {
    const std::string text = address_text(octets);
    for (const auto& address : addresses)
      if (address == text) return true;
    return false;
  }
  const auto dot = wanted.find('.');
  const std::string wildcard = dot == std::string::npos ? std::string() : "*" + wanted.substr(dot);
  for (const auto& name : dns_names)
    if (name == wanted || (dot != 0 && !wildcard.empty() && name == wildcard)) return true;
  return false;
}

Result<CertificateFacts> certificate_facts(std::string_view pem) {
  if (pem.size() > kMaxCertificateText)
    return fail(Errc::too_large, "certificate file over {} octets", kMaxCertificateText);
  const Bio in = reader(pem);
  const Cert cert = TRY(first_certificate(in.get()));
  CertificateFacts facts;
  facts.subject = name_text(X509_get_subject_name(cert.get()));
  facts.issuer = name_text(X509_get_issuer_name(cert.get()));
  facts.not_before = TRY(time_of(X509_get0_notBefore(cert.get())));
  facts.not_after = TRY(time_of(X509_get0_notAfter(cert.get())));
  facts.key_type = key_text(X509_get0_pubkey(cert.get()));
  facts.self_signed = X509_check_issued(cert.get(), cert.get()) == X509_V_OK;
  read_alt_names(cert.get(), facts);

  Sum256 sum;
  if (X509_digest(cert.get(), EVP_sha256(), reinterpret_cast<unsigned char*>(sum.octets.data()), nullptr) != 1)
    return openssl_error(Errc::invalid, "digest of a certificate");
  facts.sha256 = sum.hex();
  while (const Cert next{PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr)}) {
    if (++facts.chain > kMaxCertificateChain)
      return fail(Errc::too_large, "over {} certificates in a file", kMaxCertificateChain);
  }
  // The end of the file is told as an error; anything else is a certificate that cannot be read.
  const auto last = ERR_peek_last_error();
  if (last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
    return openssl_error(Errc::invalid, fmt::format("certificate {} of the file", facts.chain + 1));
  ERR_clear_error();
  return facts;
}

Result<bool> key_matches(const Secret& key_pem, std::string_view certificate_pem) {
  if (key_pem.size() > kMaxCertificateText || certificate_pem.size() > kMaxCertificateText)
    return fail(Errc::too_large, "key or certificate file over {} octets", kMaxCertificateText);
  const Bio key_in = reader(key_pem.reveal());
  const Pkey key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, no_passphrase, nullptr));
  if (!key) return openssl_error(Errc::invalid, "no readable private key (one with a pass phrase cannot be used)");
  const Bio cert_in = reader(certificate_pem);
  const Cert cert = TRY(first_certificate(cert_in.get()));
  const EVP_PKEY* own = X509_get0_pubkey(cert.get());
  const bool same = own && EVP_PKEY_eq(own, key.get()) == 1;
  ERR_clear_error();
  return same;
}

}  // namespace chappe::crypto
