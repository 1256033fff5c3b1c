#include "crypto/tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/text.h"

namespace chappe::crypto {

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown TLS error";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  return fmt::format("TLS error {:x}", code);
}

TicketKeys::TicketKeys() { RAND_bytes(bytes_.data(), static_cast<int>(bytes_.size())); }

namespace {

void common_options(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);  // RFC 8996 §4-5
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections hold no record buffers; a write may stop half-way and go on from another address; one read takes
  // as many records as there are.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* alternatives =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(to_lower({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  GENERAL_NAMES_free(alternatives);
  return names;
}

}  // namespace

int choose_by_name(void* ssl, void* server) {
  const char* name = SSL_get_servername(static_cast<SSL*>(ssl), TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(static_cast<SSL*>(ssl), static_cast<const TlsServer*>(server)->choose(name));
  return SSL_TLSEXT_ERR_OK;
}

Result<std::shared_ptr<const TlsServer>> TlsServer::load(const std::vector<CertificateFiles>& files,
                                                         const TicketKeys& tickets) {
  if (files.empty()) return fail(Errc::config, "no certificate is configured");
  std::shared_ptr<TlsServer> server(new TlsServer);
  for (const auto& file : files) {
    ERR_clear_error();
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (!context) return fail(Errc::bug, "no TLS context: {}", tls_error());
    Host& host = server->hosts_.emplace_back();
    host.context = context;
    common_options(context);
    if (SSL_CTX_use_certificate_chain_file(context, file.certificate.c_str()) != 1)
      return fail(Errc::config, "certificate {}: {}", file.certificate, tls_error());
    if (SSL_CTX_use_PrivateKey_file(context, file.key.c_str(), SSL_FILETYPE_PEM) != 1)
      return fail(Errc::config, "key {}: {}", file.key, tls_error());
    if (SSL_CTX_check_private_key(context) != 1)
      return fail(Errc::config, "key {} does not belong to certificate {}", file.key, file.certificate);
    host.names = names_of(SSL_CTX_get0_certificate(context));
    auto keys = tickets.bytes();
    SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), static_cast<long>(keys.size()));
    static constexpr unsigned char kSessionContext[] = "chappe";
    SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  }
  SSL_CTX* first = server->hosts_.front().context;
  SSL_CTX_set_tlsext_servername_arg(first, server.get());
  SSL_CTX_set_tlsext_servername_callback(first, +[](SSL* ssl, int*, void* self) { return choose_by_name(ssl, self); });
  return server;
}

TlsServer::~TlsServer() {
  for (auto& host : hosts_) SSL_CTX_free(host.context);
}

ssl_ctx_st* TlsServer::choose(std::string_view name) const {
  const std::string wanted = to_lower(name);
  const auto dot = wanted.find('.');
  const std::string wildcard = dot == std::string::npos ? "" : "*" + wanted.substr(dot);
  for (const std::string& candidate : {wanted, wildcard}) {
    if (candidate.empty()) continue;
    for (const Host& host : hosts_)
      if (std::find(host.names.begin(), host.names.end(), candidate) != host.names.end()) return host.context;
  }
  return hosts_.front().context;
}

Result<std::shared_ptr<const TlsClient>> TlsClient::opportunistic() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (!context) return fail(Errc::bug, "no TLS context: {}", tls_error());
  common_options(context);
  return std::shared_ptr<const TlsClient>(new TlsClient(context, false));
}

Result<std::shared_ptr<const TlsClient>> TlsClient::trusting(const std::string& ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (!context) return fail(Errc::bug, "no TLS context: {}", tls_error());
  std::shared_ptr<const TlsClient> client(new TlsClient(context, true));
  common_options(context);
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1)
    return fail(Errc::config, "trusted certificates {}: {}", ca_file, tls_error());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return client;
}

TlsClient::~TlsClient() { SSL_CTX_free(context_); }

}  // namespace chappe::crypto
